// All targets of the fuzz, by name.
import type { Target } from './lab.ts';
import { openAcsLab } from './labs/acs.ts';
import { gatewayParties, openGatewayLab } from './labs/gateway.ts';
import { openGatewayWebLab } from './labs/gateway-web.ts';
import { openH323Lab, protocols } from './labs/h323.ts';
import { openPbxLab, pbxParties } from './labs/pbx.ts';
import { openPbxWebLab } from './labs/pbx-web.ts';
import type { Conversation } from './plan.ts';
import { plantedTargets } from './planted/targets.ts';
import { cwmpConversations } from './targets/acs-cwmp.ts';
import { proxyConversations } from './targets/acs-proxy.ts';
import { restConversations } from './targets/acs-rest.ts';
import { stunConversations } from './targets/acs-stun.ts';
import { acsConversations, dhcpConversations, sntpConversations } from './targets/gateway-answers.ts';
import { mediaConversations } from './targets/gateway-media.ts';
import { datagramConversations, requestConversations } from './targets/gateway-requests.ts';
import { webConversations } from './targets/gateway-web.ts';
import { h323Conversations } from './targets/h323.ts';
import { phoneConversations, statusConversations } from './targets/pbx-web.ts';
import { sipConversations } from './targets/sip.ts';

function gateway(surface: string, about: string, conversations: readonly Conversation[], lanes: number): Target {
  const name = `gateway-${surface}`;
  return { name, about, conversations, lanes, open: folder => openGatewayLab(folder, name) };
}

const h323Surfaces = { udp: 'registration, admission and status', tcp: 'calls', tls: 'registration and calls' };

export const targets: readonly Target[] = [
  {
    name: 'acs-cwmp',
    about: 'sessions of CPEs with the ACS: logins, cookies, gzip, chunks, TLS',
    conversations: cwmpConversations,
    lanes: 24,
    open: openAcsLab,
  },
  {
    name: 'acs-rest',
    about: 'the API of the ACS by REST and SOAP: documents, filters, files, events, envelopes',
    conversations: restConversations,
    lanes: 16,
    open: openAcsLab,
  },
  {
    name: 'acs-stun',
    about: 'the STUN server of the ACS, over UDP',
    conversations: stunConversations,
    lanes: 8,
    open: openAcsLab,
  },
  {
    name: 'acs-proxy',
    about: 'PROXY headers of load balancers in front of the ACS',
    conversations: proxyConversations,
    lanes: 24,
    open: openAcsLab,
  },
  ...(['udp', 'tcp', 'tls'] as const).map(
    (protocol): Target => ({
      name: `pbx-${protocol}`,
      about: `the PBX over ${protocol.toUpperCase()}: registrations and calls`,
      conversations: sipConversations(pbxParties, protocol),
      lanes: 16,
      open: openPbxLab,
    }),
  ),
  ...Object.entries(protocols).map(
    ([name, protocol]): Target => ({
      name,
      about: `the gatekeeper of the PBX over ${protocol.toUpperCase()}: ${h323Surfaces[protocol]}`,
      conversations: h323Conversations(protocol),
      lanes: protocol === 'udp' ? 24 : 16,
      open: openH323Lab,
    }),
  ),
  {
    name: 'pbx-status',
    about: 'the status page of the exchange: HTML, JSON, metrics',
    conversations: statusConversations,
    lanes: 16,
    open: openPbxWebLab,
  },
  {
    name: 'pbx-phones',
    about: 'configuration files of telephones at the exchange',
    conversations: phoneConversations,
    lanes: 16,
    open: openPbxWebLab,
  },
  gateway('http', 'connection requests to a gateway by HTTP', requestConversations, 16),
  gateway(
    'udp',
    'connection requests to a gateway by UDP, and STUN answers at the same port',
    datagramConversations,
    8,
  ),
  ...(['udp', 'tcp', 'tls'] as const).map(protocol =>
    gateway(
      `sip-${protocol}`,
      `calls to a gateway over ${protocol.toUpperCase()}`,
      sipConversations(gatewayParties, protocol),
      protocol === 'tls' ? 1 : 16,
    ),
  ),
  gateway('sip-server', 'calls to the secure port of a gateway', sipConversations(gatewayParties, 'tls'), 16),
  gateway('rtp', 'media of calls to a gateway: RTP, SRTP, RTCP, T.38', mediaConversations(gatewayParties), 8),
  gateway('dhcp', 'answers of the DHCP server that a gateway asks', dhcpConversations, 48),
  gateway('sntp', 'answers of the SNTP server that a gateway asks', sntpConversations, 32),
  {
    name: 'gateway-web',
    about: 'the own pages of a gateway: settings, logins, uploads',
    conversations: webConversations,
    lanes: 16,
    open: openGatewayWebLab,
  },
  gateway('acs', 'answers and requests of the ACS of a gateway', acsConversations, 1),
];

/** Those with a fault on purpose are chosen by their full name only. `acs` stands for all of the ACS. @returns the names that are no target */
export function chosenTargets(names: readonly string[]): { chosen: Target[]; unknown: string[] } {
  const fits = (target: Target, name: string): boolean => target.name === name || target.name.startsWith(`${name}-`);
  const planted = plantedTargets.filter(({ name }) => names.includes(name));
  const chosen = targets.filter(target => names.length === 0 || names.some(name => fits(target, name)));
  return {
    chosen: [...chosen, ...planted],
    unknown: names.filter(name => ![...targets, ...planted].some(target => fits(target, name))),
  };
}
