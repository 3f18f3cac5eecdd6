// Admission, bandwidth, disengage and location of calls (H.225.0 7.11 to 7.14, Annex H). Additions that only pass through are opaque.
import { boolean, integer, opaque, optional, sequence } from '../per/schema.ts';
import * as common from './common.ts';
import {
  aliases,
  bandWidth,
  callIdentifier,
  callReferenceValue,
  endpointIdentifier,
  endpointType,
  gatekeeperIdentifier,
  requestSeqNum,
  transportAddress,
  transportAddresses,
} from './common.ts';
import { assignedGatekeeper, features, nonStandardData, security } from './ras-common.ts';
import * as reasons from './reasons.ts';
import { cryptoTokens, integrityCheckValue, tokens } from './security.ts';

const conferenceID = common.globallyUniqueId;

export const admissionRequest = sequence(
  {
    requestSeqNum,
    callType: common.callType,
    callModel: optional(common.callModel),
    endpointIdentifier,
    destinationInfo: optional(aliases),
    destCallSignalAddress: optional(transportAddress),
    destExtraCallInfo: optional(aliases),
    srcInfo: aliases,
    srcCallSignalAddress: optional(transportAddress),
    bandWidth,
    callReferenceValue,
    nonStandardData,
    callServices: optional(common.qseriesOptions),
    conferenceID,
    activeMC: boolean,
    answerCall: boolean,
  },
  {
    canMapAlias: boolean,
    callIdentifier,
    srcAlternatives: opaque,
    destAlternatives: opaque,
    gatekeeperIdentifier,
    ...security,
    transportQOS: common.transportQOS,
    willSupplyUUIEs: boolean,
    callLinkage: opaque,
    gatewayDataRate: opaque,
    capacity: opaque,
    circuitInfo: opaque,
    desiredProtocols: opaque,
    desiredTunnelledProtocol: opaque,
    ...features,
    canMapSrcAlias: boolean,
  },
);

export const admissionConfirm = sequence(
  {
    requestSeqNum,
    bandWidth,
    callModel: common.callModel,
    destCallSignalAddress: transportAddress,
    irrFrequency: optional(integer(1, 65_535)),
    nonStandardData,
  },
  {
    destinationInfo: aliases,
    destExtraCallInfo: aliases,
    destinationType: endpointType,
    remoteExtensionAddress: aliases,
    alternateEndpoints: opaque,
    ...security,
    transportQOS: common.transportQOS,
    willRespondToIRR: boolean,
    uuiesRequested: common.uuiesRequested,
    language: common.language,
    alternateTransportAddresses: opaque,
    useSpecifiedTransport: opaque,
    circuitInfo: opaque,
    usageSpec: opaque,
    supportedProtocols: opaque,
    serviceControl: opaque,
    multipleCalls: boolean,
    ...features,
    modifiedSrcInfo: aliases,
    assignedGatekeeper,
  },
);

export const admissionReject = sequence(
  { requestSeqNum, rejectReason: reasons.admissionRejectReason, nonStandardData },
  {
    altGKInfo: common.altGKInfo,
    tokens,
    cryptoTokens,
    callSignalAddress: transportAddresses,
    integrityCheckValue,
    serviceControl: opaque,
    ...features,
    assignedGatekeeper,
  },
);

export const bandwidthRequest = sequence(
  {
    requestSeqNum,
    endpointIdentifier,
    conferenceID,
    callReferenceValue,
    callType: optional(common.callType),
    bandWidth,
    nonStandardData,
  },
  {
    callIdentifier,
    gatekeeperIdentifier,
    ...security,
    answeredCall: boolean,
    callLinkage: opaque,
    capacity: opaque,
    usageInformation: common.usageInformation,
    bandwidthDetails: opaque,
    genericData: opaque,
    transportQOS: common.transportQOS,
  },
);

export const bandwidthConfirm = sequence(
  { requestSeqNum, bandWidth, nonStandardData },
  { ...security, capacity: opaque, genericData: opaque, transportQOS: common.transportQOS },
);

export const bandwidthReject = sequence(
  { requestSeqNum, rejectReason: reasons.bandRejectReason, allowedBandWidth: bandWidth, nonStandardData },
  { altGKInfo: common.altGKInfo, ...security, genericData: opaque },
);

export const disengageRequest = sequence(
  {
    requestSeqNum,
    endpointIdentifier,
    conferenceID,
    callReferenceValue,
    disengageReason: reasons.disengageReason,
    nonStandardData,
  },
  {
    callIdentifier,
    gatekeeperIdentifier,
    ...security,
    answeredCall: boolean,
    callLinkage: opaque,
    capacity: opaque,
    circuitInfo: opaque,
    usageInformation: common.usageInformation,
    terminationCause: reasons.callTerminationCause,
    serviceControl: opaque,
    genericData: opaque,
  },
);

export const disengageConfirm = sequence(
  { requestSeqNum, nonStandardData },
  {
    ...security,
    capacity: opaque,
    circuitInfo: opaque,
    usageInformation: common.usageInformation,
    genericData: opaque,
    assignedGatekeeper,
  },
);

export const disengageReject = sequence(
  { requestSeqNum, rejectReason: reasons.disengageRejectReason, nonStandardData },
  { altGKInfo: common.altGKInfo, ...security, genericData: opaque },
);

export const locationRequest = sequence(
  {
    requestSeqNum,
    endpointIdentifier: optional(endpointIdentifier),
    destinationInfo: aliases,
    nonStandardData,
    replyAddress: transportAddress,
  },
  {
    sourceInfo: aliases,
    canMapAlias: boolean,
    gatekeeperIdentifier,
    ...security,
    desiredProtocols: opaque,
    desiredTunnelledProtocol: opaque,
    ...features,
    hopCount: integer(1, 255),
    circuitInfo: opaque,
    callIdentifier,
    bandWidth,
    sourceEndpointInfo: aliases,
    canMapSrcAlias: boolean,
    language: common.language,
  },
);

export const locationConfirm = sequence(
  { requestSeqNum, callSignalAddress: transportAddress, rasAddress: transportAddress, nonStandardData },
  {
    destinationInfo: aliases,
    destExtraCallInfo: aliases,
    destinationType: endpointType,
    remoteExtensionAddress: aliases,
    alternateEndpoints: opaque,
    ...security,
    alternateTransportAddresses: opaque,
    supportedProtocols: opaque,
    multipleCalls: boolean,
    ...features,
    circuitInfo: opaque,
    serviceControl: opaque,
    modifiedSrcInfo: aliases,
    bandWidth,
  },
);

export const locationReject = sequence(
  { requestSeqNum, rejectReason: reasons.locationRejectReason, nonStandardData },
  { altGKInfo: common.altGKInfo, ...security, ...features, serviceControl: opaque },
);
