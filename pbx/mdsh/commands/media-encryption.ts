// `media_encryption_enable`, `_disable` and `_print`: SRTP for extensions, routes and between media gateways.
import { type Change, type EncryptionType, encryptionTypes } from '../../exchange/data.ts';
import { checkEncryptionChange } from '../../policy/checks.ts';
import { columns } from '../columns.ts';
import type { Command, OptionSpec, ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { oneOf } from '../syntax/values.ts';
import { refuseBy } from './common.ts';

const type: OptionSpec = {
  kind: oneOf(...encryptionTypes),
  help: 'Connections that are meant: IP extensions, IP routes, or those between media gateways.',
};

const typeOf = (args: Arguments): EncryptionType =>
  encryptionTypes.find(one => one === args.text('type')) ?? 'extension';

function switched({ exchange }: ShellContext, args: Arguments, isOn: boolean): Change[] {
  const { settings } = exchange;
  const mediaEncryption = { ...settings.mediaEncryption, [typeOf(args)]: isOn };
  return [{ table: 'settings', key: 'system', row: { ...settings, mediaEncryption } }];
}

const ours = 'Of the vendor are the options; ours are the print and the texts of refusals.';

const switching = (name: string, isOn: boolean, about: string, description: string): Command => ({
  name,
  kind: 'unix',
  dash: '-',
  about,
  options: { type },
  forms: [
    {
      by: [],
      needs: ['type'],
      check: ({ exchange }, args) => refuseBy(checkEncryptionChange(exchange, typeOf(args), isOn)),
      effect: (context, args) => switched(context, args, isOn),
    },
  ],
  description,
  examples: [{ about: 'For IP extensions.', line: `${name} -type extension` }],
  ours,
});

export const mediaEncryption: readonly Command[] = [
  switching(
    'media_encryption_enable',
    true,
    'enable media encryption',
    'Has the media of those connections encrypted by SRTP. For SIP extensions calls through gateways and direct ones are meant, for H.323 extensions and routes those through gateways alone. It needs the licence VOIP-SECURITY.',
  ),
  switching(
    'media_encryption_disable',
    false,
    'disable media encryption',
    'Leaves the media of those connections as the parties have agreed it. For extensions that is possible only while there is no security policy.',
  ),
  {
    name: 'media_encryption_print',
    kind: 'unix',
    dash: '-',
    about: 'print which media is encrypted',
    options: { type },
    forms: [
      {
        by: [],
        takes: ['type'],
        print: async ({ exchange }, args) => {
          const shown = args.has('type') ? [typeOf(args)] : encryptionTypes;
          const state = (one: EncryptionType): string =>
            exchange.settings.mediaEncryption[one] ? 'enabled' : 'disabled';
          return await columns(['Type', 'Media-Encryption'], shown, one => [one, state(one)]);
        },
      },
    ],
    description: 'Prints whether media is encrypted, for one kind of connections or all.',
    examples: [{ about: 'For IP extensions.', line: 'media_encryption_print -type extension' }],
    ours,
  },
];
