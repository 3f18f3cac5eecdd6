// `sip_route`: SIP routes to other exchanges, and to gateways that are trunks.
import { isIP } from 'node:net';
import { parseUri } from '../../../shared/sip/uri.ts';
import type { Change, SipRoute } from '../../exchange/data.ts';
import { cell, columns, yesNo } from '../columns.ts';
import { type Command, NotExecuted, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { directoryNumber, integer, oneOf, text, yesOrNo } from '../syntax/values.ts';
import { dialledPrefix, hostName, MAX_ROUTES, NOTHING, routeNumber } from './common.ts';

const defaultPort = (protocol: SipRoute['protocol']): number => (protocol === 'tls' ? 5061 : 5060);

const keyOf = (args: Arguments): string => String(args.number('route') ?? '');

/** Host and port in the pattern of a Request-URI. */
function partsOf(uri: string | undefined): { host?: string; port?: number } {
  if (uri === undefined) return {};
  const { host, port } = parseUri(uri.replace('?', '0'));
  return { host: host.replace(/^\[|\]$/g, ''), ...(port !== undefined && { port }) };
}

function rowOf({ exchange }: ShellContext, args: Arguments): SipRoute {
  const before = exchange.get('sipRoutes', keyOf(args));
  const uri = args.text('uristring0');
  const inUri = partsOf(uri);
  const protocol = (args.text('protocol') ?? before?.protocol ?? 'udp') as SipRoute['protocol'];
  const portBefore = before?.protocol === protocol ? before.port : undefined;
  const host = args.text('proxyip') ?? inUri.host;
  const registeredAs = args.text('registeredas');
  const user = args.text('authname') ?? before?.user;
  const password = args.text('password') ?? before?.password;
  return {
    ...(before && { ...(before.uri !== undefined && { uri: before.uri }), ...sideOf(before) }),
    ...(uri !== undefined && { uri }),
    ...(host !== undefined && { host }),
    ...(registeredAs !== undefined && { registeredAs }),
    route: args.number('route') ?? 0,
    prefix: args.text('prefix') ?? before?.prefix ?? '',
    port: args.number('proxyport') ?? args.number('remoteport') ?? inUri.port ?? portBefore ?? defaultPort(protocol),
    protocol,
    isGateway: args.flag('gateway') ?? before?.isGateway ?? false,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    registers: args.flag('register') ?? before?.registers ?? false,
  };
}

const sideOf = ({ host, registeredAs }: SipRoute): Pick<SipRoute, 'host' | 'registeredAs'> => ({
  ...(host !== undefined && { host }),
  ...(registeredAs !== undefined && { registeredAs }),
});

function check(context: ShellContext, args: Arguments): void {
  const row = rowOf(context, args);
  if (row.prefix === '') throw new NotExecuted('A PREFIX IS NEEDED');
  if (row.host === undefined && row.registeredAs === undefined)
    throw new NotExecuted('URISTRING0, PROXYIP OR REGISTEREDAS IS NEEDED');
  if (row.registers && (row.user === undefined || row.host === undefined))
    throw new NotExecuted('REGISTRATION NEEDS AUTHNAME AND A HOST');
  const isNew = context.exchange.get('sipRoutes', keyOf(args)) === undefined;
  if (isNew && context.exchange.size('sipRoutes') >= MAX_ROUTES)
    throw new NotExecuted(`THE EXCHANGE KEEPS AT MOST ${MAX_ROUTES} SIP ROUTES`);
}

function checkRoute({ exchange }: ShellContext, args: Arguments): void {
  if (!exchange.get('sipRoutes', keyOf(args))) throw new NotExecuted(`SIP ROUTE ${keyOf(args)} IS NOT INITIATED`);
}

async function print({ exchange }: ShellContext, args: Arguments): Promise<readonly string[]> {
  const found = exchange.all('sipRoutes').filter(({ route }) => (args.number('route') ?? route) === route);
  if (found.length === 0) return [NOTHING];
  const more = args.has('short') ? [] : ['URI', 'Auth-Name', 'Register', 'Gateway', 'Registered-As'];
  return await columns(['Route', 'Prefix', 'Protocol', 'Host', 'Port', ...more], found, row => [
    String(row.route),
    row.prefix,
    row.protocol,
    cell(row.host),
    String(row.port),
    ...(args.has('short') ? [] : moreCells(row)),
  ]);
}

const moreCells = ({ uri, user, registers, isGateway, registeredAs }: SipRoute): string[] => [
  cell(uri),
  cell(user),
  yesNo(registers),
  yesNo(isGateway),
  cell(registeredAs),
];

const uriPattern = text(7, 200, { pattern: /^sips?:\?@[\w.;=:[\]-]+$/, about: 'A URI such as sip:?@host' });

export const sipRoute: Command = {
  name: 'sip_route',
  kind: 'unix',
  dash: '-',
  about: 'handle SIP routes',
  options: {
    authname: { kind: text(1, 64), help: 'User that the other side asks for.' },
    gateway: { kind: yesOrNo, help: 'yes: the other side is a media gateway, calls over it are gateway calls.' },
    password: { kind: text(1, 64), isSecret: true, help: 'Password of that user; it is not printed.' },
    prefix: {
      kind: dialledPrefix,
      help: 'Digits that a called number begins with to take the route; the longest goes first.',
    },
    print: { help: 'Prints routes, one or all.' },
    protocol: { kind: oneOf('udp', 'tcp', 'tls'), help: 'Transport to the other side; udp by default.' },
    proxyip: { kind: hostName, help: 'Name or address that calls are sent to, in place of the host in the URI.' },
    proxyport: { kind: integer(1, 65_535), help: 'Port there.' },
    register: { kind: yesOrNo, help: 'yes: this exchange registers at the other side as its user.' },
    registeredas: {
      kind: directoryNumber,
      help: 'Extension that the other side registers here with, in place of a host.',
    },
    remoteport: { kind: integer(1, 65_535), help: 'Port of the other side; 5060 or, for tls, 5061 by default.' },
    remove: { help: 'Removes a route.' },
    route: { kind: routeNumber, help: 'Number of the route.' },
    set: { help: 'Makes a route or changes it.' },
    short: { help: 'Prints fewer columns.' },
    uristring0: { kind: { ...uriPattern, read: readUri }, help: 'Request-URI of calls, with ? for the called number.' },
  },
  forms: [
    { by: ['print'], takes: ['route', 'short'], print },
    {
      by: ['remove'],
      needs: ['route'],
      asks: () => true,
      check: checkRoute,
      effect: (_, args): Change[] => [{ table: 'sipRoutes', key: keyOf(args) }],
    },
    {
      by: ['set'],
      needs: ['route'],
      takes: [
        'prefix',
        'protocol',
        'remoteport',
        'uristring0',
        'proxyip',
        'proxyport',
        'authname',
        'password',
        'register',
        'gateway',
        'registeredas',
      ],
      check,
      effect: (context, args): Change[] => [{ table: 'sipRoutes', key: keyOf(args), row: rowOf(context, args) }],
    },
  ],
  description:
    'Calls to numbers with the prefix go to the other side of the route, over its transport. What is not given stays as it was.',
  examples: [
    {
      about: 'Numbers with 7 go over TLS.',
      line: "sip_route -set -route 12 -prefix 7 -protocol tls -uristring0 'sip:?@other.example'",
    },
    { about: 'No such route any more.', line: 'sip_route -remove -route 12' },
  ],
  ours: 'Of the vendor are -set, -print, -remove, -route, -short, -protocol, -remoteport, -uristring0, -proxyip, -proxyport, -authname and -password; ours are -prefix, -gateway, -registeredas, the values of -register, the print and the texts of refusals.',
};

function readUri(value: string): string {
  const uri = String(uriPattern.read(value));
  const { host = '' } = partsOf(uri);
  if (isIP(host) === 0) hostName.read(host);
  return uri;
}
