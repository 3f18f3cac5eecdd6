// Shapes of diagnostics.
import { Type } from 'typebox';
import { diagnosticKinds } from '../../../fleet/diagnostics/kinds.ts';
import { choice, closed, nullable, optional, page, text, time } from '../common.ts';
import { task, waitQuery } from '../tasks.ts';

export { waitQuery };

const setting = Type.Union([Type.String({ maxLength: 256 }), Type.Integer()]);
export const diagnosticInput = Type.Object(
  {
    host: optional(text('ping, traceroute, dns: the name or address')),
    repetitions: optional(Type.Integer({ description: 'ping, dns' })),
    timeout: optional(Type.Integer({ description: 'ping, traceroute, dns: milliseconds for each answer' })),
    size: optional(Type.Integer({ description: 'ping, traceroute: bytes of a packet; upload: bytes to send' })),
    tries: optional(Type.Integer({ description: 'traceroute: packets for each hop' })),
    maxHops: optional(Type.Integer({ description: 'traceroute' })),
    url: optional(text('download, upload: of a server that the device can reach')),
    connections: optional(Type.Integer({ description: 'download, upload' })),
    server: optional(text('dns: the server to ask; by default that of the device')),
    protocol: optional(text('Any, IPv4 or IPv6')),
    interface: optional(text('The path of the interface of the device to use')),
    dscp: optional(Type.Integer({ description: 'The DiffServ code point of the packets' })),
    ethernetPriority: optional(Type.Integer({ description: 'download, upload' })),
  },
  {
    additionalProperties: setting,
    description: 'Settings by these names, or by those of the data models (NumberOfRepetitions, DataBlockSize, …)',
  },
);

export const diagnosticQuery = closed({ kind: optional(choice(diagnosticKinds)), ...page });

const scalar = Type.Union([Type.String(), Type.Number(), Type.Null()]);
const cell = Type.Union([scalar, Type.Array(scalar)]);
export const diagnostic = Type.Object({
  id: text('The id of its task: GET and DELETE /tasks/{id} read and cancel it'),
  device: Type.String(),
  kind: choice(diagnosticKinds),
  state: task.properties.state,
  input: optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
  path: optional(text('The object of the device that holds it')),
  diagnosticsState: optional(text('As the device told it: Complete, Completed, Error_…')),
  values: optional(Type.Record(Type.String(), cell)),
  rows: optional(Type.Array(Type.Record(Type.String(), cell))),
  omitted: optional(Type.Integer({ description: 'Rows beyond the most that are shown' })),
  units: optional(Type.Record(Type.String(), Type.String(), { description: 'By the names in values and rows' })),
  fault: task.properties.fault,
  created: time,
  expires: optional(time),
  started: optional(time),
  ended: optional(time),
  attempts: task.properties.attempts,
  lastError: task.properties.lastError,
  connectionRequest: task.properties.connectionRequest,
});
export const diagnosticList = Type.Object({ items: Type.Array(diagnostic), next: nullable(Type.String()) });
