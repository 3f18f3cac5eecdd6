// Operations of the TLS preflight: server offers, CAs on devices, and devices that would lose the ACS with another certificate.

import type { TrustInput } from '../../fleet/preflight/device-roots.ts';
import { unchangedDevice } from '../../fleet/preflight/run.ts';
import { nameOfServer, type ServerInput, type ServerView } from '../../fleet/preflight/servers.ts';
import type { Trust } from '../../fleet/preflight/trust.ts';
import type { Entity, Operation } from '../operation.ts';
import { noDevice, none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/preflight.ts';
import { iso } from '../views/times.ts';

const { answers } = schemas;

const serverView = ({ certificates, ...server }: ServerView) => ({
  ...server,
  time: iso(server.time),
  ...(certificates && { certificates: certificates.map(cert => ({ ...cert, notAfter: iso(cert.notAfter) })) }),
});
/** A probe makes no version: conditions are on declarations. */
const server: Entity = { kind: 'server', nameFor: input => nameOfServer(param(input, 'name')) };

const trustView = (trust: Trust) => ({ ...trust, changed: iso(trust.changed) });

export const preflight: readonly Operation[] = [
  {
    name: 'preflightDevice',
    summary:
      'Checks the TLS connections of a device with its current and its wanted settings: kept, lost, and the reasons',
    method: 'GET',
    path: '/devices/:id/preflight',
    role: 'viewer',
    scope: 'device',
    parameters: 'shows-any',
    answers: { 200: answers.device },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const id = param(input);
      const row = await fleet.devices.row(id);
      const wanted = await fleet.wantedStates.of(row);
      const run = await fleet.preflight.begin(0);
      const [links = []] = await run.check([unchangedDevice(row, wanted)]);
      return ok({ device: id, links });
    },
  },
  {
    name: 'preflightServerCertificate',
    summary: 'Reports which devices would lose the ACS with this certificate',
    method: 'POST',
    path: '/preflight/server-certificate',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'shows-any',
    query: schemas.limitQuery,
    body: { json: schemas.certificateInput },
    answers: { 200: answers.certificate },
    problems: { 409: 'The ACS has no TLS listener' },
    run: async ({ query, body }, { fleet }) => {
      const { certificate } = body as { certificate: string | string[] };
      return ok(await fleet.guard.certificate([certificate].flat(), Number(query.limit ?? 50)));
    },
  },
  {
    name: 'listServers',
    summary: 'Lists the servers that devices connect to, with their TLS offers: described by an operator, or probed',
    method: 'GET',
    path: '/preflight/servers',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'none',
    answers: { 200: answers.servers },
    run: async (_input, { fleet }) => ok({ items: (await fleet.preflight.servers.list()).map(serverView) }),
  },
  {
    name: 'getKnownServer',
    summary: 'Reads what is known of a server',
    method: 'GET',
    path: '/preflight/servers/:name',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'none',
    entity: server,
    answers: { 200: answers.server },
    problems: { 404: 'Nothing is known about this server' },
    run: async (input, { fleet }) => ok(serverView(await fleet.preflight.servers.get(param(input, 'name')))),
  },
  {
    name: 'tellServer',
    summary: 'Describes the TLS offer of a server that cannot be probed from here or does not exist yet',
    method: 'PUT',
    path: '/preflight/servers/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: server,
    body: { json: schemas.serverInput },
    answers: { 200: answers.server },
    run: async (input, { fleet, edit }) =>
      ok(serverView(await fleet.preflight.servers.put(param(input, 'name'), input.body as ServerInput, edit))),
  },
  {
    name: 'probeServer',
    summary: 'Probes the TLS offer of a server now',
    method: 'POST',
    path: '/preflight/servers/:name/probe',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    audit: 'answer',
    answers: { 200: answers.server },
    problems: { 502: 'The probe failed; `detail` holds the reason' },
    run: async (input, { fleet }) => ok(serverView(await fleet.preflight.servers.probe(param(input, 'name')))),
  },
  {
    name: 'forgetServer',
    summary: 'Deletes what is known about a server',
    method: 'DELETE',
    path: '/preflight/servers/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: server,
    answers: { 204: 'nothing' },
    problems: { 404: 'Nothing is known about this server' },
    run: async (input, { fleet, edit }) => {
      await fleet.preflight.servers.remove(param(input, 'name'), edit);
      return none;
    },
  },
  {
    name: 'listTrust',
    summary: 'Lists CAs that devices have from other sources than this ACS',
    method: 'GET',
    path: '/trust',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'none',
    answers: { 200: answers.trusts },
    run: async (_input, { fleet }) => ok({ items: (await fleet.preflight.trust.list()).map(trustView) }),
  },
  {
    name: 'putTrust',
    summary: 'Declares CAs that devices have from another source, such as a customer profile or a technician',
    method: 'PUT',
    path: '/trust/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'trust' },
    body: { json: schemas.trustInput },
    answers: { 200: answers.trust },
    run: async (input, { fleet, edit }) =>
      ok(trustView(await fleet.preflight.trust.put(param(input, 'name'), input.body as TrustInput, edit))),
  },
  {
    name: 'deleteTrust',
    summary: 'Deletes a declaration of CAs',
    method: 'DELETE',
    path: '/trust/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'trust' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No such declaration' },
    run: async (input, { fleet, edit }) => {
      await fleet.preflight.trust.remove(param(input, 'name'), edit);
      return none;
    },
  },
];
