// Types that H.225.0 messages share: addresses, aliases, endpoints, vendors (H.225.0 Annex H, H323-MESSAGES).
import {
  bits,
  bmpString,
  boolean,
  choice,
  closedSequence,
  ia5String,
  integer,
  names,
  nothing,
  objectIdentifier,
  octets,
  opaque,
  optional,
  sequence,
  sequenceOf,
  stringOf,
} from '../per/schema.ts';

export const requestSeqNum = integer(1, 65_535);
export const protocolIdentifier = objectIdentifier;
export const callReferenceValue = integer(0, 65_535);
export const bandWidth = integer(0, 0xffff_ffff);
export const timeToLive = integer(1, 0xffff_ffff);
export const globallyUniqueId = octets(16, 16);
export const gatekeeperIdentifier = bmpString(1, 128);
export const endpointIdentifier = bmpString(1, 128);
export const language = sequenceOf(ia5String(1, 32));

export const callIdentifier = sequence({ guid: globallyUniqueId });

const numberDigits = stringOf('#*,0123456789', 1, 128);

const h221NonStandard = sequence({
  t35CountryCode: integer(0, 255),
  t35Extension: integer(0, 255),
  manufacturerCode: integer(0, 65_535),
});

export const nonStandardParameter = closedSequence({
  nonStandardIdentifier: choice({ object: objectIdentifier, h221NonStandard }),
  data: octets(),
});

export const transportAddress = choice({
  ipAddress: closedSequence({ ip: octets(4, 4), port: integer(0, 65_535) }),
  ipSourceRoute: sequence({
    ip: octets(4, 4),
    port: integer(0, 65_535),
    route: sequenceOf(octets(4, 4)),
    routing: choice(names('strict', 'loose')),
  }),
  ipxAddress: closedSequence({ node: octets(6, 6), netnum: octets(4, 4), port: octets(2, 2) }),
  ip6Address: sequence({ ip: octets(16, 16), port: integer(0, 65_535) }),
  netBios: octets(16, 16),
  nsap: octets(1, 20),
  nonStandardAddress: nonStandardParameter,
});

export const transportAddresses = sequenceOf(transportAddress);

export const partyNumber = choice({
  e164Number: closedSequence({
    publicTypeOfNumber: choice(
      names(
        'unknown',
        'internationalNumber',
        'nationalNumber',
        'networkSpecificNumber',
        'subscriberNumber',
        'abbreviatedNumber',
      ),
    ),
    publicNumberDigits: numberDigits,
  }),
  dataPartyNumber: numberDigits,
  telexPartyNumber: numberDigits,
  privateNumber: closedSequence({
    privateTypeOfNumber: choice(
      names(
        'unknown',
        'level2RegionalNumber',
        'level1RegionalNumber',
        'pISNSpecificNumber',
        'localNumber',
        'abbreviatedNumber',
      ),
    ),
    privateNumberDigits: numberDigits,
  }),
  nationalStandardPartyNumber: numberDigits,
});

export const aliasAddress = choice(
  { dialledDigits: numberDigits, 'h323-ID': bmpString(1, 256) },
  {
    'url-ID': ia5String(1, 512),
    transportID: transportAddress,
    'email-ID': ia5String(1, 512),
    partyNumber,
    mobileUIM: opaque,
    isupNumber: opaque,
  },
);

export const aliases = sequenceOf(aliasAddress);

export const vendorIdentifier = sequence(
  { vendor: h221NonStandard, productId: optional(octets(1, 256)), versionId: optional(octets(1, 256)) },
  { enterpriseNumber: objectIdentifier },
);

const capabilities = sequence(
  { nonStandardData: optional(nonStandardParameter) },
  { dataRatesSupported: opaque, supportedPrefixes: opaque },
);

export const supportedProtocols = sequenceOf(
  choice(
    {
      nonStandardData: nonStandardParameter,
      h310: capabilities,
      h320: capabilities,
      h321: capabilities,
      h322: capabilities,
      h323: capabilities,
      h324: capabilities,
      voice: capabilities,
      't120-only': capabilities,
    },
    { nonStandardProtocol: opaque, t38FaxAnnexbOnly: opaque, sip: opaque },
  ),
);

const nonStandardOnly = { nonStandardData: optional(nonStandardParameter) };

export const endpointType = sequence(
  {
    nonStandardData: optional(nonStandardParameter),
    vendor: optional(vendorIdentifier),
    gatekeeper: optional(sequence(nonStandardOnly)),
    gateway: optional(
      sequence({ protocol: optional(supportedProtocols), nonStandardData: optional(nonStandardParameter) }),
    ),
    mcu: optional(sequence(nonStandardOnly, { protocol: supportedProtocols })),
    terminal: optional(sequence(nonStandardOnly)),
    mc: boolean,
    undefinedNode: boolean,
  },
  { set: bits(32, 32), supportedTunnelledProtocols: opaque },
);

export const qseriesOptions = sequence({
  q932Full: boolean,
  q951Full: boolean,
  q952Full: boolean,
  q953Full: boolean,
  q955Full: boolean,
  q956Full: boolean,
  q957Full: boolean,
  q954Info: sequence({ conferenceCalling: boolean, threePartyService: boolean }),
});

const alternateGatekeeper = sequence({
  rasAddress: transportAddress,
  gatekeeperIdentifier: optional(gatekeeperIdentifier),
  needToRegister: boolean,
  priority: integer(0, 127),
});

export const alternateGatekeepers = sequenceOf(alternateGatekeeper);
export const altGKInfo = sequence({ alternateGatekeeper: alternateGatekeepers, altGKisPermanent: boolean });

export const callType = choice(names('pointToPoint', 'oneToN', 'nToOne', 'nToN'));
export const callModel = choice(names('direct', 'gatekeeperRouted'));
export const presentationIndicator = choice(
  names('presentationAllowed', 'presentationRestricted', 'addressNotAvailable'),
);

export const uuiesRequested = sequence(
  {
    setup: boolean,
    callProceeding: boolean,
    connect: boolean,
    alerting: boolean,
    information: boolean,
    releaseComplete: boolean,
    facility: boolean,
    progress: boolean,
    empty: boolean,
  },
  { status: boolean, statusInquiry: boolean, setupAcknowledge: boolean, notify: boolean },
);

export const transportQOS = choice(names('endpointControlled', 'gatekeeperControlled', 'noControl'), {
  qOSCapabilities: opaque,
});

export const usageInformation = sequence({
  nonStandardUsageFields: sequenceOf(nonStandardParameter),
  alertingTime: optional(integer(1, 0xffff_ffff)),
  connectTime: optional(integer(1, 0xffff_ffff)),
  endTime: optional(integer(1, 0xffff_ffff)),
});

/** An addition that says something by being there. */
export const flag = nothing;
