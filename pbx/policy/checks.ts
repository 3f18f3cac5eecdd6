// Policy checks of commands, for the shell to call before it carries one out: the vendor's VoIP security description
// (82/154 31-ANF 901 14), 6.2.2 to 6.2.4 and 6.4. Each gives the lines to print where the command is not executed.
import type { EncryptionType, Extension, PolicyNumber } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { codeOf } from './codes.ts';
import { hasLicense, VOIP_SECURITY } from './licenses.ts';

/** Lines that a command prints in place of its effect; the first says that nothing was done. */
export type NotExecuted = readonly string[];

const notExecuted = (reason: string): NotExecuted => ['NOT EXECUTED', reason];

/** The vendor's text. */
const exceptionsExist = notExecuted('DIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST');
// The vendor gives these reasons, but not their printed form.
const exceptionNotAllowed = notExecuted('SECURITY EXCEPTION IS NOT ALLOWED');
const pinBlank = notExecuted('THE PIN CODE MAY NOT BE BLANK');
const codeMandatory = notExecuted('RAC IS MANDATORY IF SECURITY EXCEPTION IS NO');
const policyIsSet = notExecuted('A SECURITY POLICY IS SET');
const unlicensed = notExecuted(`LICENSE ${VOIP_SECURITY} IS MISSING`);

/** Policies under which every extension goes without security exception and has a code. */
const isStrict = (policy: PolicyNumber): boolean => policy === 1 || policy === 3;

/**
 * Checks an extension as `extension -i` or `-c` would leave it. Under All secure and Exception type it has no security
 * exception, so `--security-exception no` must be given, and has its code already. Any other policy takes all.
 */
export function checkExtensionChange(exchange: Exchange, after: Extension): NotExecuted | undefined {
  const { policy } = exchange.settings;
  if (!isStrict(policy)) return undefined;
  if (after.securityException) return exceptionNotAllowed;
  if (codeOf(exchange, after.dir) !== undefined) return undefined;
  return policy === 1 ? pinBlank : codeMandatory;
}

/** Checks `auth_code -e` of individual codes: where a code is mandatory it stays as long as its extension. A rule of ours. */
export function checkCodeErasure(exchange: Exchange, dir: string): NotExecuted | undefined {
  if (!isStrict(exchange.settings.policy)) return undefined;
  return exchange.get('extensions', dir) ? pinBlank : undefined;
}

/** Checks `sec_policy -set`, or `-remove` for policy 0. */
export function checkPolicyChange(exchange: Exchange, policy: PolicyNumber): NotExecuted | undefined {
  if (policy === 0) return undefined;
  if (!hasLicense(exchange, VOIP_SECURITY)) return unlicensed;
  const exists = policy === 1 && exchange.all('extensions').some(({ securityException }) => securityException);
  return exists ? exceptionsExist : undefined;
}

/** Checks `media_encryption_enable` and `media_encryption_disable`; that of extensions stays on while there is a policy. */
export function checkEncryptionChange(
  exchange: Exchange,
  type: EncryptionType,
  enable: boolean,
): NotExecuted | undefined {
  if (enable) return hasLicense(exchange, VOIP_SECURITY) ? undefined : unlicensed;
  return type === 'extension' && exchange.settings.policy !== 0 ? policyIsSet : undefined;
}
