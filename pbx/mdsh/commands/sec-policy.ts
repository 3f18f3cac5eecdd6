// `sec_policy`: the security policy of the system.
import type { Change, PolicyNumber } from '../../exchange/data.ts';
import { checkPolicyChange } from '../../policy/checks.ts';
import { policyNames } from '../../policy/tables.ts';
import type { Command, ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { integer } from '../syntax/values.ts';
import { refuseBy } from './common.ts';

const wanted = (args: Arguments): PolicyNumber => (args.number('set') ?? 0) as PolicyNumber;

const policyChange = ({ exchange }: ShellContext, policy: PolicyNumber): Change[] => [
  { table: 'settings', key: 'system', row: { ...exchange.settings, policy } },
];

export const secPolicy: Command = {
  name: 'sec_policy',
  kind: 'unix',
  dash: '-',
  about: 'manage the security policy of the system',
  options: {
    print: { help: 'Prints the policy.' },
    remove: { help: 'Removes the policy: all kinds of terminals can register.' },
    set: {
      kind: integer(1, 3),
      help: `Sets the policy: 1 ${policyNames[1]}, 2 ${policyNames[2]}, 3 ${policyNames[3]}.`,
    },
  },
  forms: [
    {
      by: ['set'],
      check: ({ exchange }, args) => refuseBy(checkPolicyChange(exchange, wanted(args))),
      effect: (context, args) => policyChange(context, wanted(args)),
    },
    {
      by: ['remove'],
      check: ({ exchange }) => refuseBy(checkPolicyChange(exchange, 0)),
      effect: context => policyChange(context, 0),
    },
    {
      by: ['print'],
      print: async ({ exchange }) => {
        const { policy } = exchange.settings;
        return [`SECURITY POLICY ${policy}: ${policyNames[policy]}`];
      },
    },
  ],
  description:
    'The policy decides which terminals may register. A change does not touch those that are registered: it holds for each at its next registration, or after extension_unregistration. Setting it needs the licence VOIP-SECURITY.',
  examples: [
    { about: 'All terminals secure, which needs extensions without exceptions.', line: 'sec_policy -set 1' },
    { about: 'No policy.', line: 'sec_policy -remove' },
  ],
  ours: 'Of the vendor are the options and the refusal while exceptions exist; ours are the print and the refusal without licence.',
};
