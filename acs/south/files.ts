// Serves the files of transfers: each under an unguessable URL bound to one task, good for repeats and Range until the transfer
// is settled or expires.
import { timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UserError } from '../../shared/errors.ts';
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
/** A slow CPE holds no more of a file than this in the connection's own buffers. */
const CHUNK = 64 * 1024;

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

/** Many CPEs fetch one image at once: its bytes are in memory once, as long as anyone fetches them. */
function createSharing(read: (name: string) => Promise<Buffer>) {
  const open = new Map<string, { bytes: Promise<Buffer>; users: number }>();
  return async (name: string, hash: string): Promise<{ bytes: Buffer; release: () => void }> => {
    const key = `${hash} ${name}`;
    const entry = open.get(key) ?? { bytes: read(name), users: 0 };
    open.set(key, entry);
    entry.users++;
    const release = (): void => {
      if (--entry.users === 0) open.delete(key);
    };
    try {
      return { bytes: await entry.bytes, release };
    } catch (error) {
      release();
      throw error;
    }
  };
}

interface Part {
  status: 200 | 206 | 304 | 416;
  start: number;
  /** First byte that is not sent. */
  end: number;
}

/** RFC 9110 13.2.2: If-Range that does not fit asks for the whole; If-None-Match that fits for nothing. */
function partOf({ headers }: FastifyRequest, size: number, etag: string): Part {
  if (headers['if-none-match'] === etag) return { status: 304, start: 0, end: 0 };
  const conditional = headers['if-range'];
  const range = conditional === undefined || conditional === etag ? rangeOf(headers.range, size) : undefined;
  if (range === undefined) return { status: 200, start: 0, end: size };
  if (range === 'unsatisfiable') return { status: 416, start: 0, end: 0 };
  return { status: 206, start: range.start, end: range.end + 1 };
}

/** Unknown, deleted since and forbidden look the same from outside; a store that fails is no missing file. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UserError && error.status === 404) return undefined;
    throw error;
  }
}

export function registerFiles(instance: FastifyInstance, options: FilesOptions): void {
  const { fleet, log, events } = options;
  const share = createSharing(name => fleet.files.bytes(name));

  const taskOf = async (id: string, tag: string, direction: 'download' | 'upload'): Promise<Task | undefined> => {
    const [given, good] = [Buffer.from(tag), Buffer.from(tagOf(options.key, `${direction}:${id}`))];
    if (given.length !== good.length || !timingSafeEqual(given, good)) return undefined;
    const task = await unlessMissing(fleet.tasks.get(id));
    return task && (task.state === 'sent' || task.state === 'waiting') ? task : undefined;
  };

  /** What the task was made for, or nothing: a file that was replaced since is another one. */
  const fileOf = async (task: Task | undefined): Promise<{ name: string; sha256: string } | undefined> => {
    if (!task?.file) return undefined;
    const about = await unlessMissing(fleet.files.about(task.file));
    return about && (task.fileHash === undefined || task.fileHash === about.sha256) ? about : undefined;
  };

  const send = async (
    request: FastifyRequest,
    reply: FastifyReply,
    task: Task,
    file: { name: string; sha256: string },
  ): Promise<FastifyReply> => {
    const { bytes, release } = await share(file.name, file.sha256);
    const etag = `"${file.sha256}"`;
    const { status, start, end } = partOf(request, bytes.length, etag);
    let sent = 0;
    function* chunks(): Generator<Buffer> {
      for (let at = start; at < end; at += CHUNK) {
        const chunk = bytes.subarray(at, Math.min(end, at + CHUNK));
        sent += chunk.length;
        yield chunk;
      }
    }
    // However it ends, and with what had left by then.
    reply.raw.once('close', () => {
      release();
      events.emit('file', { device: task.device, task: task.id, file: file.name, bytes: sent, status });
    });
    void reply.code(status).header('accept-ranges', 'bytes').header('etag', etag);
    if (status === 416) void reply.header('content-range', `bytes */${bytes.length}`);
    if (status === 206) void reply.header('content-range', `bytes ${start}-${end - 1}/${bytes.length}`);
    if (status === 416 || status === 304) return reply.send();
    void reply.header('content-type', 'application/octet-stream').header('content-length', end - start);
    return reply.send(Readable.from(chunks(), { objectMode: false, highWaterMark: CHUNK }));
  };

  instance.get<{ Params: { id: string; tag: string; name: string } }>(
    '/files/:id/:tag/:name',
    async (request, reply) => {
      const task = await taskOf(request.params.id, request.params.tag, 'download');
      const file = await fileOf(task);
      if (task && file) return await send(request, reply, task, file);
      const reason = task ? `${task.file} was replaced or deleted since the task was made` : 'no transfer under way';
      log.warn('file refused', { address: request.ip, task: request.params.id, reason });
      return reply.code(404).send();
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
