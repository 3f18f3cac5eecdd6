// The choice of all messages of RAS, in the order of H.225.0 Annex H.
import { choice, opaque } from '../per/schema.ts';
import * as calls from './ras-calls.ts';
import * as registration from './ras-registration.ts';
import * as status from './ras-status.ts';

export const rasMessage = choice(
  {
    gatekeeperRequest: registration.gatekeeperRequest,
    gatekeeperConfirm: registration.gatekeeperConfirm,
    gatekeeperReject: registration.gatekeeperReject,
    registrationRequest: registration.registrationRequest,
    registrationConfirm: registration.registrationConfirm,
    registrationReject: registration.registrationReject,
    unregistrationRequest: registration.unregistrationRequest,
    unregistrationConfirm: registration.unregistrationConfirm,
    unregistrationReject: registration.unregistrationReject,
    admissionRequest: calls.admissionRequest,
    admissionConfirm: calls.admissionConfirm,
    admissionReject: calls.admissionReject,
    bandwidthRequest: calls.bandwidthRequest,
    bandwidthConfirm: calls.bandwidthConfirm,
    bandwidthReject: calls.bandwidthReject,
    disengageRequest: calls.disengageRequest,
    disengageConfirm: calls.disengageConfirm,
    disengageReject: calls.disengageReject,
    locationRequest: calls.locationRequest,
    locationConfirm: calls.locationConfirm,
    locationReject: calls.locationReject,
    infoRequest: status.infoRequest,
    infoRequestResponse: status.infoRequestResponse,
    nonStandardMessage: status.nonStandardMessage,
    unknownMessageResponse: status.unknownMessageResponse,
  },
  {
    requestInProgress: status.requestInProgress,
    resourcesAvailableIndicate: status.resourcesAvailableIndicate,
    resourcesAvailableConfirm: status.resourcesAvailableConfirm,
    infoRequestAck: status.infoRequestAck,
    infoRequestNak: status.infoRequestNak,
    serviceControlIndication: opaque,
    serviceControlResponse: opaque,
    admissionConfirmSequence: opaque,
  },
);
