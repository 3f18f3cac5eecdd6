// Status, resources and what is sent of messages that are slow or unknown (H.225.0 7.15 to 7.20, Annex H).
import {
  boolean,
  choice,
  integer,
  names,
  nothing,
  octets,
  opaque,
  optional,
  printableString,
  sequence,
  sequenceOf,
} from '../per/schema.ts';
import * as common from './common.ts';
import {
  aliases,
  bandWidth,
  callIdentifier,
  callReferenceValue,
  endpointIdentifier,
  endpointType,
  protocolIdentifier,
  requestSeqNum,
  transportAddress,
  transportAddresses,
} from './common.ts';
import { assignedGatekeeper, features, nonStandardData, rootSecurity, security } from './ras-common.ts';
import { infoRequestNakReason } from './reasons.ts';
import { cryptoTokens, tokens } from './security.ts';

export const infoRequest = sequence(
  { requestSeqNum, callReferenceValue, nonStandardData, replyAddress: optional(transportAddress) },
  {
    callIdentifier,
    ...security,
    uuiesRequested: common.uuiesRequested,
    callLinkage: opaque,
    usageInfoRequested: opaque,
    segmentedResponseSupported: nothing,
    nextSegmentRequested: integer(0, 65_535),
    capacityInfoRequested: nothing,
    genericData: opaque,
    assignedGatekeeper,
  },
);

const channel = sequence({ sendAddress: optional(transportAddress), recvAddress: optional(transportAddress) });

const rtpSession = sequence(
  {
    rtpAddress: channel,
    rtcpAddress: channel,
    cname: printableString(),
    ssrc: integer(1, 0xffff_ffff),
    sessionId: integer(1, 255),
    associatedSessionIds: sequenceOf(integer(1, 255)),
  },
  { multicast: nothing, bandwidth: bandWidth },
);

const perCallInfo = sequence(
  {
    nonStandardData,
    callReferenceValue,
    conferenceID: common.globallyUniqueId,
    originator: optional(boolean),
    audio: optional(sequenceOf(rtpSession)),
    video: optional(sequenceOf(rtpSession)),
    data: optional(sequenceOf(channel)),
    h245: channel,
    callSignalling: channel,
    callType: common.callType,
    bandWidth,
    callModel: common.callModel,
  },
  {
    callIdentifier,
    tokens,
    cryptoTokens,
    substituteConfIDs: sequenceOf(common.globallyUniqueId),
    pdu: opaque,
    callLinkage: opaque,
    usageInformation: common.usageInformation,
    circuitInfo: opaque,
  },
);

export const infoRequestResponse = sequence(
  {
    nonStandardData,
    requestSeqNum,
    endpointType,
    endpointIdentifier,
    rasAddress: transportAddress,
    callSignalAddress: transportAddresses,
    endpointAlias: optional(aliases),
    perCallInfo: optional(sequenceOf(perCallInfo)),
  },
  {
    ...security,
    needResponse: boolean,
    capacity: opaque,
    irrStatus: choice({
      ...names('complete', 'incomplete'),
      segment: integer(0, 65_535),
      ...names('invalidCall'),
    }),
    unsolicited: boolean,
    genericData: opaque,
  },
);

export const infoRequestAck = sequence({ requestSeqNum, nonStandardData, ...rootSecurity });

export const infoRequestNak = sequence({
  requestSeqNum,
  nonStandardData,
  nakReason: infoRequestNakReason,
  altGKInfo: optional(common.altGKInfo),
  ...rootSecurity,
});

export const nonStandardMessage = sequence(
  { requestSeqNum, nonStandardData: common.nonStandardParameter },
  { ...security, ...features },
);

export const unknownMessageResponse = sequence({ requestSeqNum }, { ...security, messageNotUnderstood: octets() });

export const requestInProgress = sequence({
  requestSeqNum,
  nonStandardData,
  ...rootSecurity,
  delay: integer(1, 65_535),
});

export const resourcesAvailableIndicate = sequence(
  {
    requestSeqNum,
    protocolIdentifier,
    nonStandardData,
    endpointIdentifier,
    protocols: common.supportedProtocols,
    almostOutOfResources: boolean,
    ...rootSecurity,
  },
  { capacity: opaque, genericData: opaque },
);

export const resourcesAvailableConfirm = sequence(
  { requestSeqNum, protocolIdentifier, nonStandardData, ...rootSecurity },
  { genericData: opaque },
);
