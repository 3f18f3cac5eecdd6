// Components that many messages of RAS carry.
import { opaque, optional } from '../per/schema.ts';
import { nonStandardParameter } from './common.ts';
import { cryptoTokens, integrityCheckValue, tokens } from './security.ts';

export const nonStandardData = optional(nonStandardParameter);

/** As additions, in this order. */
export const security = { tokens, cryptoTokens, integrityCheckValue };

/** As components of the root, in messages that came after H.235. */
export const rootSecurity = {
  tokens: optional(tokens),
  cryptoTokens: optional(cryptoTokens),
  integrityCheckValue: optional(integrityCheckValue),
};

export const features = { featureSet: opaque, genericData: opaque };
export const assignedGatekeeper = opaque;
