// Serves the files of transfers: each under an unguessable URL bound to one task, good for repeats and Range until the transfer
// is settled or expires.
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { tagOf } from '../fleet/secrets.ts';
import type { Task } from '../store/store.ts';

export interface FilesOptions {
  fleet: Fleet;
  log: Log;
  events: EventBus;
  key: Buffer;
}

const MAX_UPLOAD = 64 * 1024 * 1024;

/** Path of a task's file below the ACS's base URL. The last part is for the CPE's own display only. */
export function linkOf(key: Buffer, task: Task, direction: 'download' | 'upload'): string {
  const name = encodeURIComponent(task.file ?? 'file');
  return `/files/${task.id}/${tagOf(key, `${direction}:${task.id}`)}/${name}`;
}

/** RFC 9110 14.1.2: one range of bytes; undefined when there is none, or one that is not understood. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return undefined;
  const start = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const end = found[1] === '' || found[2] === '' ? size - 1 : Math.min(size - 1, Number(found[2]));
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}

export function registerFiles(instance: FastifyInstance, options: FilesOptions): void {
  const { fleet, log, events } = options;

  const taskOf = async (id: string, tag: string, direction: 'download' | 'upload'): Promise<Task | undefined> => {
    const [given, good] = [Buffer.from(tag), Buffer.from(tagOf(options.key, `${direction}:${id}`))];
    if (given.length !== good.length || !timingSafeEqual(given, good)) return undefined;
    const task = await fleet.tasks.get(id).catch(() => undefined); // Unknown and forbidden look the same from outside.
    return task && (task.state === 'sent' || task.state === 'waiting') ? task : undefined;
  };

  const send = (reply: FastifyReply, bytes: Buffer, header: string | undefined): number => {
    const range = rangeOf(header, bytes.length);
    reply.header('accept-ranges', 'bytes').header('content-type', 'application/octet-stream');
    if (range === 'unsatisfiable') {
      void reply.code(416).header('content-range', `bytes */${bytes.length}`).send();
      return 416;
    }
    if (range) {
      reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${bytes.length}`);
      void reply.send(bytes.subarray(range.start, range.end + 1));
      return 206;
    }
    void reply.code(200).send(bytes);
    return 200;
  };

  instance.get<{ Params: { id: string; tag: string; name: string } }>(
    '/files/:id/:tag/:name',
    async (request, reply) => {
      const task = await taskOf(request.params.id, request.params.tag, 'download');
      if (!task?.file) {
        log.warn('file refused', { address: request.ip, task: request.params.id });
        return reply.code(404).send();
      }
      const bytes = await fleet.files.bytes(task.file);
      const status = send(reply, bytes, request.headers.range);
      events.emit('file', { device: task.device, task: task.id, file: task.file, bytes: bytes.length, status });
      return reply;
    },
  );

  instance.put<{ Params: { id: string; tag: string; name: string } }>(
    '/files/:id/:tag/:name',
    { bodyLimit: MAX_UPLOAD },
    async (request, reply) => {
      const task = await taskOf(request.params.id, request.params.tag, 'upload');
      if (!task) {
        log.warn('upload refused', { address: request.ip, task: request.params.id });
        return reply.code(404).send();
      }
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.from(String(request.body ?? ''));
      const stored = await fleet.files.put(task.file ?? `upload-${task.id}`, bytes, { type: 'upload' });
      events.emit('file', { device: task.device, task: task.id, file: stored.name, bytes: bytes.length, status: 201 });
      return reply.code(201).send();
    },
  );
}
