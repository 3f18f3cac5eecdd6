// Seeded commands of the exchange's operators. Each operator has numbers of his own, so that what one is told depends on no other.
import type { Random } from '../../../shared/clock.ts';

/** The next command of an operator. */
export type Operator = (random: Random) => string;

const FIRST = 2000;
const NUMBERS = 40;

const oneOf = <T>(random: Random, list: readonly [T, ...T[]]): T => list[random.int(0, list.length - 1)] ?? list[0];

/** A number, a list or a range. */
function numbers(random: Random): string {
  const from = FIRST + random.int(0, NUMBERS - 1);
  const way = random.int(0, 3);
  if (way === 0) return String(from);
  if (way === 1) return `${from},${FIRST + random.int(0, NUMBERS - 1)}`;
  return `${from}..${from + random.int(1, way === 2 ? 4 : 200)}`;
}

const code = (random: Random): string => String(random.int(1000, 9999));
const yesNo = (random: Random): string => oneOf(random, ['yes', 'no']);
const type = (random: Random): string => oneOf(random, ['extension', 'route', 'intermgw']);
const route = (random: Random): number => random.int(1, 6);

const kinds: readonly [Operator, ...Operator[]] = [
  r => `extension -i -d ${numbers(r)} --csp ${r.int(0, 500)} --lim ${r.int(1, 124)} --security-exception ${yesNo(r)}`,
  r => `extension -i -d ${numbers(r)} --csp 1 --lim 1 --third-party-client yes --max-terminals ${r.int(1, 8)}`,
  r => `extension -c -d ${numbers(r)} --csp ${r.int(0, 500)}`,
  r => `extension -c -d ${FIRST + r.int(0, NUMBERS - 1)} --security-exception ${yesNo(r)}`,
  r => `extension -e -d ${numbers(r)}`,
  r => `extension -e -d ${FIRST + r.int(0, NUMBERS - 1)}`,
  r => `ip_extension -i -d ${numbers(r)} --protocol ${oneOf(r, ['SIP', 'IP'])}`,
  r => `ip_extension -e -d ${FIRST + r.int(0, NUMBERS - 1)}`,
  r => `auth_code -i -d ${numbers(r)} --auth-code ${code(r)} --csp ${r.int(0, 500)}`,
  r => `auth_code -e -d ${FIRST + r.int(0, NUMBERS - 1)}`,
  r => `sec_policy -set ${r.int(1, 3)}`,
  () => 'sec_policy -remove',
  r => `media_encryption_enable -type ${type(r)}`,
  r => `media_encryption_disable -type ${type(r)}`,
  r => `sip_route -set -route ${route(r)} -prefix ${r.int(70, 79)} -protocol tls -uristring0 'sip:?@other.example'`,
  r => `sip_route -remove -route ${route(r)}`,
  r => `RIANI:ROU=${route(r)},HOST=10.1.2.${r.int(1, 9)},PREFIX=${r.int(80, 89)},TLS=${oneOf(r, ['YES', 'NO'])};`,
  r => `RIANE:ROU=${route(r)};`,
];

/** Changes every table. */
export const administrator: Operator = random => oneOf(random, kinds)(random);

/** Backs up and restores as well, which touches what others do. */
export const lonelyAdministrator: Operator = random => {
  const draw = random.int(0, 9);
  return draw === 0 ? 'data_backup' : draw === 1 ? 'data_restore' : administrator(random);
};

/** A command of many rows, which is always carried out: most that a kill can cut in half. */
export const longCommand: Operator = random => {
  const from = 6000 + 100 * random.int(0, 9);
  return `auth_code -i -d ${from}..${from + 1200} --auth-code ${code(random)} --csp 1`;
};

/** Gives codes to numbers of his own. */
export const codeOperator: Operator = random =>
  `auth_code -i -d ${3000 + random.int(0, 9)} --auth-code ${code(random)} --csp ${random.int(0, 500)}`;

/** Gives common codes. */
export const commonCodeOperator: Operator = random => `auth_code -i --auth-code c${random.int(0, 100_000)} --csp 1`;

/** Prints that show the whole state. */
export const prints = [
  'extension -p',
  'ip_extension -p',
  'auth_code -p',
  'sec_policy -print',
  'media_encryption_print',
  'sip_route -print',
  'RIANP;',
];
