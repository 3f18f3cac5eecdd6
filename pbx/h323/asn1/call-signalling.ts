// Content of the User-User element of Q.931 messages (H.225.0 7.3, Annex H). Additions that only pass through are opaque.
import {
  bmpString,
  boolean,
  choice,
  closedSequence,
  ia5String,
  integer,
  names,
  nothing,
  octets,
  opaque,
  optional,
  sequence,
  sequenceOf,
} from '../per/schema.ts';
import * as common from './common.ts';
import {
  aliasAddress,
  aliases,
  callIdentifier,
  endpointIdentifier,
  endpointType,
  flag,
  language,
  presentationIndicator,
  protocolIdentifier,
  transportAddress,
} from './common.ts';
import { facilityReason, releaseCompleteReason } from './reasons.ts';
import { cryptoTokens, h245Security, tokens } from './security.ts';

const conferenceID = common.globallyUniqueId;
const fastStart = sequenceOf(octets());
const screeningIndicator = opaque;
const displayName = sequenceOf(closedSequence({ language: optional(ia5String()), name: bmpString(1, 80) }));
const h245Address = optional(transportAddress);
const rootTokens = { tokens: optional(tokens), cryptoTokens: optional(cryptoTokens) };
const connections = { multipleCalls: boolean, maintainConnection: boolean };

export const setup = sequence(
  {
    protocolIdentifier,
    h245Address,
    sourceAddress: optional(aliases),
    sourceInfo: endpointType,
    destinationAddress: optional(aliases),
    destCallSignalAddress: optional(transportAddress),
    destExtraCallInfo: optional(aliases),
    destExtraCRV: optional(sequenceOf(common.callReferenceValue)),
    activeMC: boolean,
    conferenceID,
    conferenceGoal: choice(
      names('create', 'join', 'invite'),
      names('capability-negotiation', 'callIndependentSupplementaryService'),
    ),
    callServices: optional(common.qseriesOptions),
    callType: common.callType,
  },
  {
    sourceCallSignalAddress: transportAddress,
    remoteExtensionAddress: aliasAddress,
    callIdentifier,
    h245SecurityCapability: sequenceOf(h245Security),
    tokens,
    cryptoTokens,
    fastStart,
    mediaWaitForConnect: boolean,
    canOverlapSend: boolean,
    endpointIdentifier,
    ...connections,
    connectionParameters: opaque,
    language,
    presentationIndicator,
    screeningIndicator,
    serviceControl: opaque,
    symmetricOperationRequired: flag,
    capacity: opaque,
    circuitInfo: opaque,
    desiredProtocols: opaque,
    neededFeatures: opaque,
    desiredFeatures: opaque,
    supportedFeatures: opaque,
    parallelH245Control: sequenceOf(octets()),
    additionalSourceAddresses: opaque,
    hopCount: integer(1, 31),
    displayName,
  },
);

const answer = { callIdentifier, h245SecurityMode: h245Security, tokens, cryptoTokens, fastStart, ...connections };

export const callProceeding = sequence(
  { protocolIdentifier, destinationInfo: endpointType, h245Address },
  { ...answer, fastConnectRefused: flag, featureSet: opaque },
);

export const connect = sequence(
  { protocolIdentifier, h245Address, destinationInfo: endpointType, conferenceID },
  {
    ...answer,
    language,
    connectedAddress: aliases,
    presentationIndicator,
    screeningIndicator,
    fastConnectRefused: flag,
    serviceControl: opaque,
    capacity: opaque,
    featureSet: opaque,
    displayName,
  },
);

export const alerting = sequence(
  { protocolIdentifier, destinationInfo: endpointType, h245Address },
  {
    ...answer,
    alertingAddress: aliases,
    presentationIndicator,
    screeningIndicator,
    fastConnectRefused: flag,
    serviceControl: opaque,
    capacity: opaque,
    featureSet: opaque,
    displayName,
  },
);

export const information = sequence(
  { protocolIdentifier },
  { callIdentifier, tokens, cryptoTokens, fastStart, fastConnectRefused: flag, circuitInfo: opaque },
);

export const releaseComplete = sequence(
  { protocolIdentifier, reason: optional(releaseCompleteReason) },
  {
    callIdentifier,
    tokens,
    cryptoTokens,
    busyAddress: aliases,
    presentationIndicator,
    screeningIndicator,
    capacity: opaque,
    serviceControl: opaque,
    featureSet: opaque,
    destinationInfo: endpointType,
    displayName,
  },
);

export const facility = sequence(
  {
    protocolIdentifier,
    alternativeAddress: optional(transportAddress),
    alternativeAliasAddress: optional(aliases),
    conferenceID: optional(conferenceID),
    reason: facilityReason,
  },
  {
    callIdentifier,
    destExtraCallInfo: aliases,
    remoteExtensionAddress: aliasAddress,
    tokens,
    cryptoTokens,
    conferences: opaque,
    h245Address: transportAddress,
    fastStart,
    ...connections,
    fastConnectRefused: flag,
    serviceControl: opaque,
    circuitInfo: opaque,
    featureSet: opaque,
    destinationInfo: endpointType,
    h245SecurityMode: h245Security,
  },
);

export const progress = sequence(
  {
    protocolIdentifier,
    destinationInfo: endpointType,
    h245Address,
    callIdentifier,
    h245SecurityMode: optional(h245Security),
    ...rootTokens,
    fastStart: optional(fastStart),
  },
  { ...connections, fastConnectRefused: flag },
);

/** Status, StatusInquiry and SetupAcknowledge. */
const brief = sequence({ protocolIdentifier, callIdentifier, ...rootTokens });

export const notify = sequence(
  { protocolIdentifier, callIdentifier, ...rootTokens },
  { connectedAddress: aliases, presentationIndicator, screeningIndicator, destinationInfo: endpointType, displayName },
);

export const userInformation = sequence({
  'h323-uu-pdu': sequence(
    {
      'h323-message-body': choice(
        { setup, callProceeding, connect, alerting, information, releaseComplete, facility },
        { progress, empty: nothing, status: brief, statusInquiry: brief, setupAcknowledge: brief, notify },
      ),
      nonStandardData: optional(common.nonStandardParameter),
    },
    {
      h4501SupplementaryService: sequenceOf(octets()),
      h245Tunnelling: boolean,
      h245Control: sequenceOf(octets()),
      nonStandardControl: sequenceOf(common.nonStandardParameter),
      callLinkage: opaque,
      tunnelledSignallingMessage: opaque,
      provisionalRespToH245Tunnelling: flag,
      stimulusControl: opaque,
      genericData: opaque,
    },
  ),
  'user-data': optional(sequence({ 'protocol-discriminator': integer(0, 255), 'user-information': octets(1, 131) })),
});
