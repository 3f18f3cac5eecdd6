// Tokens of H.235 and the errors of security that messages of H.225.0 carry.
import {
  bigInteger,
  bits,
  bmpString,
  choice,
  closedSequence,
  integer,
  names,
  objectIdentifier,
  octets,
  opaque,
  optional,
  sequence,
  sequenceOf,
} from '../per/schema.ts';
import { aliasAddress, gatekeeperIdentifier, nonStandardParameter } from './common.ts';

/** That of H.235; H.225.0 has another one. */
const nonStandard = closedSequence({ nonStandardIdentifier: objectIdentifier, data: octets() });

const timeStamp = integer(1, 0xffff_ffff);

const parameters = sequence(
  { ranInt: optional(bigInteger), iv8: optional(octets(8, 8)) },
  { iv16: octets(16, 16), iv: octets(), clearSalt: octets() },
);

const hashed = closedSequence({ algorithmOID: objectIdentifier, paramS: parameters, hash: bits() });
const encrypted = closedSequence({ algorithmOID: objectIdentifier, paramS: parameters, encryptedData: octets() });
const signed = closedSequence({
  toBeSigned: opaque,
  algorithmOID: objectIdentifier,
  paramS: parameters,
  signature: bits(),
});

export const clearToken = sequence(
  {
    tokenOID: objectIdentifier,
    timeStamp: optional(timeStamp),
    password: optional(bmpString(1, 128)),
    dhkey: optional(sequence({ halfkey: bits(0, 2048), modSize: bits(0, 2048), generator: bits(0, 2048) })),
    challenge: optional(octets(8, 128)),
    random: optional(bigInteger),
    certificate: optional(sequence({ type: objectIdentifier, certificate: octets() })),
    generalID: optional(bmpString(1, 128)),
    nonStandard: optional(nonStandard),
  },
  { eckasdhkey: opaque, sendersID: bmpString(1, 128), h235Key: opaque, profileInfo: opaque },
);

const cryptoToken = choice({
  cryptoEncryptedToken: closedSequence({ tokenOID: objectIdentifier, token: encrypted }),
  cryptoSignedToken: closedSequence({ tokenOID: objectIdentifier, token: signed }),
  cryptoHashedToken: closedSequence({ tokenOID: objectIdentifier, hashedVals: clearToken, token: hashed }),
  cryptoPwdEncr: encrypted,
});

const cryptoH323Token = choice({
  cryptoEPPwdHash: closedSequence({ alias: aliasAddress, timeStamp, token: hashed }),
  cryptoGKPwdHash: closedSequence({ gatekeeperId: gatekeeperIdentifier, timeStamp, token: hashed }),
  cryptoEPPwdEncr: encrypted,
  cryptoGKPwdEncr: encrypted,
  cryptoEPCert: signed,
  cryptoGKCert: signed,
  cryptoFastStart: signed,
  nestedcryptoToken: cryptoToken,
});

export const tokens = sequenceOf(clearToken);
export const cryptoTokens = sequenceOf(cryptoH323Token);

export const integrityCheckValue = closedSequence({ algorithmOID: objectIdentifier, icv: bits() });

export const authenticationMechanism = choice(
  {
    ...names('dhExch', 'pwdSymEnc', 'pwdHash', 'certSign', 'ipsec', 'tls'),
    nonStandard,
  },
  { authenticationBES: opaque, keyExch: objectIdentifier },
);

const commonErrors = [
  'securityWrongSyncTime',
  'securityReplay',
  'securityWrongGeneralID',
  'securityWrongSendersID',
  'securityIntegrityFailed',
  'securityWrongOID',
] as const;

/** SecurityErrors: of discovery, registration and calls. */
export const securityErrors = choice(
  names(
    ...commonErrors,
    'securityDHmismatch',
    'securityCertificateExpired',
    'securityCertificateDateInvalid',
    'securityCertificateRevoked',
    'securityCertificateNotReadable',
    'securityCertificateSignatureInvalid',
    'securityCertificateMissing',
    'securityCertificateIncomplete',
    'securityUnsupportedCertificateAlgOID',
    'securityUnknownCA',
  ),
);

/** SecurityErrors2: of all other exchanges. */
export const laterSecurityErrors = choice(names(...commonErrors));

const serviceMode = choice({ nonStandard: nonStandardParameter, ...names('none', 'default') });
const securityCapabilities = sequence({
  nonStandard: optional(nonStandardParameter),
  encryption: serviceMode,
  authenticaton: serviceMode,
  integrity: serviceMode,
});

export const h245Security = choice({
  nonStandard: nonStandardParameter,
  ...names('noSecurity'),
  tls: securityCapabilities,
  ipsec: securityCapabilities,
});
