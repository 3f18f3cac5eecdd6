// `RIANI`, `RIANC`, `RIANP` and `RIANE`: the IP networking data of H.323 routes.
import type { Change, H323Route } from '../../exchange/data.ts';
import { cell, columns } from '../columns.ts';
import { type Command, NotExecuted, type OptionSpec, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { integer, yesOrNo } from '../syntax/values.ts';
import { dialledPrefix, hostName, MAX_ROUTES, NOTHING, routeNumber } from './common.ts';

const rou: OptionSpec = { kind: routeNumber, help: 'Number of the route.' };
const parameters: Readonly<Record<string, OptionSpec>> = {
  host: { kind: hostName, help: 'Name or address of the other side.' },
  port: { kind: integer(1, 65_535), help: 'Its call signalling port; 1720 or, with TLS, 3727 by default.' },
  prefix: {
    kind: dialledPrefix,
    help: 'Digits that a called number begins with to take the route; the longest goes first.',
  },
  tls: { kind: yesOrNo, help: 'YES: call signalling runs over TLS. NO by default.' },
};

const keyOf = (args: Arguments): string => String(args.number('rou') ?? '');

function rowOf({ exchange }: ShellContext, args: Arguments): H323Route {
  const before = exchange.get('h323Routes', keyOf(args));
  const tls = args.flag('tls') ?? before?.tls ?? false;
  const portBefore = before?.tls === tls ? before.port : undefined;
  return {
    route: args.number('rou') ?? 0,
    prefix: args.text('prefix') ?? before?.prefix ?? '',
    host: args.text('host') ?? before?.host ?? '',
    port: args.number('port') ?? portBefore ?? (tls ? 3727 : 1720),
    tls,
  };
}

function checkNew({ exchange }: ShellContext, args: Arguments): void {
  if (exchange.get('h323Routes', keyOf(args))) throw new NotExecuted(`ROUTE ${keyOf(args)} IS ALREADY INITIATED`);
  if (exchange.size('h323Routes') >= MAX_ROUTES)
    throw new NotExecuted(`THE EXCHANGE KEEPS AT MOST ${MAX_ROUTES} H.323 ROUTES`);
}

function checkRoute({ exchange }: ShellContext, args: Arguments): void {
  if (!exchange.get('h323Routes', keyOf(args))) throw new NotExecuted(`ROUTE ${keyOf(args)} IS NOT INITIATED`);
}

const effect = (context: ShellContext, args: Arguments): Change[] => [
  { table: 'h323Routes', key: keyOf(args), row: rowOf(context, args) },
];

async function print({ exchange }: ShellContext, args: Arguments): Promise<readonly string[]> {
  const found = exchange.all('h323Routes').filter(({ route }) => (args.number('rou') ?? route) === route);
  if (found.length === 0) return [NOTHING];
  return await columns(['ROU', 'PREFIX', 'HOST', 'PORT', 'TLS'], found, ({ route, prefix, host, port, tls }) => [
    `${route}`,
    prefix,
    cell(host),
    `${port}`,
    tls ? 'YES' : 'NO',
  ]);
}

const ours = (vendors: string): string => `Of the vendor are ${vendors}; ours is all else.`;
const ofVendor = ours('the name and the parameters ROU and TLS');

const about = 'IP networking data of an H.323 route';

export const h323Routes: readonly Command[] = [
  {
    name: 'riani',
    kind: 'mml',
    about: `initiate the ${about}`,
    options: { rou, ...parameters },
    forms: [{ by: [], needs: ['rou', 'host', 'prefix'], takes: ['port', 'tls'], check: checkNew, effect }],
    description: 'Calls to numbers with the prefix go to the other side, with call signalling over TCP or TLS.',
    examples: [{ about: 'Numbers with 8 go over TLS.', line: 'RIANI:ROU=14,HOST=10.1.2.3,PREFIX=8,TLS=YES;' }],
    ours: ofVendor,
  },
  {
    name: 'rianc',
    kind: 'mml',
    about: `change the ${about}`,
    options: { rou, ...parameters },
    forms: [{ by: [], needs: ['rou'], takes: ['host', 'port', 'prefix', 'tls'], check: checkRoute, effect }],
    description: 'Changes what is given. New calls go by the changed data.',
    examples: [{ about: 'No TLS any more.', line: 'RIANC:ROU=14,TLS=NO;' }],
    ours: ofVendor,
  },
  {
    name: 'riane',
    kind: 'mml',
    about: `end the ${about}`,
    options: { rou },
    forms: [
      {
        by: [],
        needs: ['rou'],
        asks: () => true,
        check: checkRoute,
        effect: (_, args): Change[] => [{ table: 'h323Routes', key: keyOf(args) }],
      },
    ],
    description: 'Erases the data of the route.',
    examples: [{ about: 'End the route 14.', line: 'RIANE:ROU=14;' }],
    ours: 'The command is ours; none of the vendor is known.',
  },
  {
    name: 'rianp',
    kind: 'mml',
    about: `print the ${about}`,
    options: { rou },
    forms: [{ by: [], takes: ['rou'], print }],
    description: 'Prints one route or all.',
    examples: [{ about: 'All routes.', line: 'RIANP;' }],
    ours: ours('the name'),
  },
];
