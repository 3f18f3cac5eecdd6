// Reasons of rejects, releases and the like, with the names of H.225.0.
import { choice, names, octets, opaque, sequenceOf } from '../per/schema.ts';
import { aliases, globallyUniqueId, nonStandardParameter, partyNumber } from './common.ts';
import { laterSecurityErrors, securityErrors } from './security.ts';

export const gatekeeperRejectReason = choice(
  names('resourceUnavailable', 'terminalExcluded', 'invalidRevision', 'undefinedReason'),
  {
    ...names('securityDenial', 'genericDataReason', 'neededFeatureNotSupported'),
    securityError: securityErrors,
  },
);

export const registrationRejectReason = choice(
  {
    ...names('discoveryRequired', 'invalidRevision', 'invalidCallSignalAddress', 'invalidRASAddress'),
    duplicateAlias: aliases,
    ...names('invalidTerminalType', 'undefinedReason', 'transportNotSupported'),
  },
  {
    ...names('transportQOSNotSupported', 'resourceUnavailable', 'invalidAlias', 'securityDenial'),
    ...names('fullRegistrationRequired', 'additiveRegistrationNotSupported'),
    invalidTerminalAliases: opaque,
    ...names('genericDataReason', 'neededFeatureNotSupported'),
    securityError: securityErrors,
    ...names('registerWithAssignedGK'),
  },
);

export const unregRequestReason = choice(
  names('reregistrationRequired', 'ttlExpired', 'securityDenial', 'undefinedReason'),
  { ...names('maintenance'), securityError: laterSecurityErrors, ...names('registerWithAssignedGK') },
);

export const unregRejectReason = choice(names('notCurrentlyRegistered', 'callInProgress', 'undefinedReason'), {
  ...names('permissionDenied', 'securityDenial'),
  securityError: laterSecurityErrors,
});

export const admissionRejectReason = choice(
  names(
    'calledPartyNotRegistered',
    'invalidPermission',
    'requestDenied',
    'undefinedReason',
    'callerNotRegistered',
    'routeCallToGatekeeper',
    'invalidEndpointIdentifier',
    'resourceUnavailable',
  ),
  {
    ...names('securityDenial', 'qosControlNotSupported', 'incompleteAddress', 'aliasesInconsistent'),
    routeCallToSCN: sequenceOf(partyNumber),
    ...names('exceedsCallCapacity', 'collectDestination', 'collectPIN', 'genericDataReason'),
    ...names('neededFeatureNotSupported'),
    securityError: laterSecurityErrors,
    ...names('securityDHmismatch', 'noRouteToDestination', 'unallocatedNumber', 'registerWithAssignedGK'),
  },
);

export const bandRejectReason = choice(
  names(
    'notBound',
    'invalidConferenceID',
    'invalidPermission',
    'insufficientResources',
    'invalidRevision',
    'undefinedReason',
  ),
  { ...names('securityDenial'), securityError: laterSecurityErrors },
);

export const disengageReason = choice(names('forcedDrop', 'normalDrop', 'undefinedReason'));

export const disengageRejectReason = choice(names('notRegistered', 'requestToDropOther'), {
  ...names('securityDenial'),
  securityError: laterSecurityErrors,
});

export const locationRejectReason = choice(
  names('notRegistered', 'invalidPermission', 'requestDenied', 'undefinedReason'),
  {
    ...names('securityDenial', 'aliasesInconsistent'),
    routeCalltoSCN: sequenceOf(partyNumber),
    ...names('resourceUnavailable', 'genericDataReason', 'neededFeatureNotSupported', 'hopCountExceeded'),
    ...names('incompleteAddress'),
    securityError: laterSecurityErrors,
    ...names('securityDHmismatch', 'noRouteToDestination', 'unallocatedNumber'),
  },
);

export const infoRequestNakReason = choice(names('notRegistered', 'securityDenial', 'undefinedReason'), {
  securityError: laterSecurityErrors,
});

export const releaseCompleteReason = choice(
  names(
    'noBandwidth',
    'gatekeeperResources',
    'unreachableDestination',
    'destinationRejection',
    'invalidRevision',
    'noPermission',
    'unreachableGatekeeper',
    'gatewayResources',
    'badFormatAddress',
    'adaptiveBusy',
    'inConf',
    'undefinedReason',
  ),
  {
    ...names('facilityCallDeflection', 'securityDenied', 'calledPartyNotRegistered', 'callerNotRegistered'),
    ...names('newConnectionNeeded'),
    nonStandardReason: nonStandardParameter,
    replaceWithConferenceInvite: globallyUniqueId,
    ...names('genericDataReason', 'neededFeatureNotSupported', 'tunnelledSignallingRejected', 'invalidCID'),
    securityError: securityErrors,
    ...names('hopCountExceeded'),
  },
);

export const facilityReason = choice(
  names('routeCallToGatekeeper', 'callForwarded', 'routeCallToMC', 'undefinedReason'),
  names(
    'conferenceListChoice',
    'startH245',
    'noH245',
    'newTokens',
    'featureSetUpdate',
    'forwardedElements',
    'transportedInformation',
  ),
);

export const callTerminationCause = choice({ releaseCompleteReason, releaseCompleteCauseIE: octets(2, 32) });
