// `sec_policy`: the security policy of the system.
import type { Change, PolicyNumber } from '../../exchange/data.ts';
import type { Command } from '../command.ts';
import { oneOf } from '../syntax/values.ts';

const names: Readonly<Record<PolicyNumber, string>> = {
  0: 'NO SECURITY POLICY',
  1: 'ALL_SECURE',
  2: 'ALL_SECURE + EXC_EXT',
  3: 'ALL_SECURE + EXC_TYPE',
};
