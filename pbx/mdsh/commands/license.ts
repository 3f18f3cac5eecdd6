// `license_status` and `license_print`: the licences of the exchange.
import { cell, columns } from '../columns.ts';
import type { Command, ShellContext } from '../command.ts';
import { NOTHING } from './common.ts';

const rowsOf = ({ exchange }: ShellContext): string[][] =>
  exchange
    .all('licenses')
    .map(({ tag, count }) => [cell(tag), 'SYSTEM', count === undefined ? 'unlimited' : `${count}`]);

const printing = (name: string, about: string, heading: readonly string[], more: readonly string[]): Command => ({
  name,
  kind: 'unix',
  about,
  options: {},
  forms: [
    {
      by: [],
      print: async context => {
        const rows = rowsOf(context);
        return rows.length === 0 ? [NOTHING] : await columns(heading, rows, row => [...row, ...more]);
      },
    },
  ],
  description:
    'VOIP-SECURITY is needed for sec_policy -set and media_encryption_enable. Licences are given to the server when it starts.',
  examples: [{ about: 'All licences.', line: name }],
  ours: 'Of the vendor is the tag in the first column; ours are the other columns.',
});

export const licenses: readonly Command[] = [
  printing('license_print', 'print the licences', ['Tag', 'Type', 'Permitted'], []),
  printing('license_status', 'print the state of the licences', ['Tag', 'Type', 'Permitted', 'State'], ['active']),
];
