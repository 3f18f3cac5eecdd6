// Discovery and registration (H.225.0 7.8 to 7.10, Annex H). Additions that only pass through are opaque.
import { boolean, integer, objectIdentifier, opaque, optional, sequence, sequenceOf } from '../per/schema.ts';
import * as common from './common.ts';
import {
  aliases,
  endpointIdentifier,
  endpointType,
  flag,
  gatekeeperIdentifier,
  protocolIdentifier,
  requestSeqNum,
  transportAddress,
  transportAddresses,
} from './common.ts';
import { assignedGatekeeper, features, nonStandardData, security } from './ras-common.ts';
import * as reasons from './reasons.ts';
import { authenticationMechanism, cryptoTokens, integrityCheckValue, tokens } from './security.ts';

export const gatekeeperRequest = sequence(
  {
    requestSeqNum,
    protocolIdentifier,
    nonStandardData,
    rasAddress: transportAddress,
    endpointType,
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    callServices: optional(common.qseriesOptions),
    endpointAlias: optional(aliases),
  },
  {
    alternateEndpoints: opaque,
    tokens,
    cryptoTokens,
    authenticationCapability: sequenceOf(authenticationMechanism),
    algorithmOIDs: sequenceOf(objectIdentifier),
    integrity: opaque,
    integrityCheckValue,
    supportsAltGK: flag,
    ...features,
    supportsAssignedGK: boolean,
    assignedGatekeeper,
  },
);

export const gatekeeperConfirm = sequence(
  {
    requestSeqNum,
    protocolIdentifier,
    nonStandardData,
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    rasAddress: transportAddress,
  },
  {
    alternateGatekeeper: common.alternateGatekeepers,
    authenticationMode: authenticationMechanism,
    tokens,
    cryptoTokens,
    algorithmOID: objectIdentifier,
    integrity: opaque,
    integrityCheckValue,
    ...features,
    assignedGatekeeper,
    rehomingModel: opaque,
  },
);

export const gatekeeperReject = sequence(
  {
    requestSeqNum,
    protocolIdentifier,
    nonStandardData,
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    rejectReason: reasons.gatekeeperRejectReason,
  },
  { altGKInfo: common.altGKInfo, ...security, ...features },
);

export const registrationRequest = sequence(
  {
    requestSeqNum,
    protocolIdentifier,
    nonStandardData,
    discoveryComplete: boolean,
    callSignalAddress: transportAddresses,
    rasAddress: transportAddresses,
    terminalType: endpointType,
    terminalAlias: optional(aliases),
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    endpointVendor: common.vendorIdentifier,
  },
  {
    alternateEndpoints: opaque,
    timeToLive: common.timeToLive,
    ...security,
    keepAlive: boolean,
    endpointIdentifier,
    willSupplyUUIEs: boolean,
    maintainConnection: boolean,
    alternateTransportAddresses: opaque,
    additiveRegistration: flag,
    terminalAliasPattern: opaque,
    supportsAltGK: flag,
    usageReportingCapability: opaque,
    multipleCalls: boolean,
    supportedH248Packages: opaque,
    callCreditCapability: opaque,
    capacityReportingCapability: opaque,
    capacity: opaque,
    ...features,
    restart: flag,
    supportsACFSequences: flag,
    supportsAssignedGK: boolean,
    assignedGatekeeper,
    transportQOS: common.transportQOS,
    language: common.language,
  },
);

export const registrationConfirm = sequence(
  {
    requestSeqNum,
    protocolIdentifier,
    nonStandardData,
    callSignalAddress: transportAddresses,
    terminalAlias: optional(aliases),
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    endpointIdentifier,
  },
  {
    alternateGatekeeper: common.alternateGatekeepers,
    timeToLive: common.timeToLive,
    ...security,
    willRespondToIRR: boolean,
    preGrantedARQ: sequence(
      {
        makeCall: boolean,
        useGKCallSignalAddressToMakeCall: boolean,
        answerCall: boolean,
        useGKCallSignalAddressToAnswer: boolean,
      },
      {
        irrFrequencyInCall: integer(1, 65_535),
        totalBandwidthRestriction: common.bandWidth,
        alternateTransportAddresses: opaque,
        useSpecifiedTransport: opaque,
      },
    ),
    maintainConnection: boolean,
    serviceControl: opaque,
    supportsAdditiveRegistration: flag,
    terminalAliasPattern: opaque,
    supportedPrefixes: opaque,
    usageSpec: opaque,
    featureServerAlias: common.aliasAddress,
    capacityReportingSpec: opaque,
    ...features,
    assignedGatekeeper,
    rehomingModel: opaque,
    transportQOS: common.transportQOS,
  },
);

export const registrationReject = sequence(
  {
    requestSeqNum,
    protocolIdentifier,
    nonStandardData,
    rejectReason: reasons.registrationRejectReason,
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
  },
  { altGKInfo: common.altGKInfo, ...security, ...features, assignedGatekeeper },
);

export const unregistrationRequest = sequence(
  {
    requestSeqNum,
    callSignalAddress: transportAddresses,
    endpointAlias: optional(aliases),
    nonStandardData,
    endpointIdentifier: optional(endpointIdentifier),
  },
  {
    alternateEndpoints: opaque,
    gatekeeperIdentifier,
    ...security,
    reason: reasons.unregRequestReason,
    endpointAliasPattern: opaque,
    supportedPrefixes: opaque,
    alternateGatekeeper: common.alternateGatekeepers,
    genericData: opaque,
    assignedGatekeeper,
  },
);

export const unregistrationConfirm = sequence(
  { requestSeqNum, nonStandardData },
  { ...security, genericData: opaque, assignedGatekeeper },
);

export const unregistrationReject = sequence(
  { requestSeqNum, rejectReason: reasons.unregRejectReason, nonStandardData },
  { altGKInfo: common.altGKInfo, ...security, genericData: opaque },
);
