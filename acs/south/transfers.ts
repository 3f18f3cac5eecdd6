// Serves the files of transfers: each under an unguessable URL bound to one task, good for repeats and Range until the transfer
// is settled or expires.
import { timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Task } from '../device/task.ts';
import type { EventBus } from '../events.ts';
import { tagOf } from '../fleet/common/secrets.ts';
import type { StoredFile } from '../fleet/files/stored-file.ts';
import type { Fleet } from '../fleet/fleet.ts';

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

  const taskOf = async (id: string, tag: string, direction: 'download' | 'upload'): Promise<Task | undefined> => {
    const [given, good] = [Buffer.from(tag), Buffer.from(tagOf(options.key, `${direction}:${id}`))];
    if (given.length !== good.length || !timingSafeEqual(given, good)) return undefined;
    const task = await unlessMissing(fleet.tasks.get(id));
    return task && (task.state === 'sent' || task.state === 'waiting') ? task : undefined;
  };

  /** What the task was made for, or nothing: a file that was replaced since is another one. */
  const fileOf = async (task: Task | undefined): Promise<StoredFile | undefined> => {
    if (!task?.file) return undefined;
    const about = await unlessMissing(fleet.files.about(task.file));
    return about && (task.fileHash === undefined || task.fileHash === about.sha256) ? about : undefined;
  };

  /** @returns false when the file was replaced just now */
  const send = async (request: FastifyRequest, reply: FastifyReply, task: Task, file: StoredFile): Promise<boolean> => {
    const etag = `"${file.sha256}"`;
    const { status, start, end } = partOf(request, file.size, etag);
    const content = await fleet.files.content(file, { start, end });
    if (!content) return false;
    let sent = 0;
    async function* counted(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
      for await (const chunk of chunks) {
        sent += chunk.length;
        yield chunk;
      }
    }
    // However it ends, and with what had left by then.
    reply.raw.once('close', () => {
      events.emit('file', { device: task.device, task: task.id, file: file.name, bytes: sent, status });
    });
    void reply.code(status).header('accept-ranges', 'bytes').header('etag', etag);
    if (status === 416) void reply.header('content-range', `bytes */${file.size}`);
    if (status === 206) void reply.header('content-range', `bytes ${start}-${end - 1}/${file.size}`);
    if (status === 416 || status === 304) {
      void reply.send();
      return true;
    }
    void reply.header('content-type', 'application/octet-stream').header('content-length', end - start);
    const stream = Readable.from(request.method === 'HEAD' ? [] : counted(content), {
      objectMode: false,
      // Read ahead by one chunk: a slow CPE holds no more.
      highWaterMark: 1,
    });
    stream.once('error', error => log.error('a download broke off', { task: task.id, file: file.name, error }));
    void reply.send(stream);
    return true;
  };

  interface Named {
    Params: { id: string; tag: string; name: string };
  }
  const url = '/files/:id/:tag/:name';

  const download = async (request: FastifyRequest<Named>, reply: FastifyReply): Promise<FastifyReply> => {
    const task = await taskOf(request.params.id, request.params.tag, 'download');
    const own = task?.content ? await fleet.moves.contentOf(task) : undefined;
    if (task && own) {
      const { name } = request.params;
      events.emit('file', { device: task.device, task: task.id, file: name, bytes: own.length, status: 200 });
      return reply.code(200).header('content-type', 'application/octet-stream').send(own);
    }
    const file = await fileOf(task);
    if (task && file && (await send(request, reply, task, file))) return reply;
    const reason = task ? `${task.file} was replaced or deleted since the task was made` : 'no transfer under way';
    log.warn('file refused', { address: request.ip, task: request.params.id, reason });
    return reply.code(404).send();
  };

  const upload = async (request: FastifyRequest<Named>, reply: FastifyReply): Promise<FastifyReply> => {
    const task = await taskOf(request.params.id, request.params.tag, 'upload');
    if (!task) {
      log.warn('upload refused', { address: request.ip, task: request.params.id });
      return reply.code(404).send();
    }
    const name = task.file ?? `upload-${task.id}`;
    const announced = Number(request.headers['content-length'] ?? 0);
    // Whoever stops reading in the middle still wants to answer: the connection stays.
    const content = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    const limits = { most: MAX_UPLOAD, announced, allow: () => fleet.files.mayReceive(name) };
    try {
      const { size } = await fleet.files.put(name, content, { type: 'upload' }, limits);
      events.emit('file', { device: task.device, task: task.id, file: name, bytes: size, status: 201 });
      return reply.code(201).send();
    } finally {
      // What is still to come of one that is refused; nobody reads it any more.
      request.raw.resume();
    }
  };

  instance.route<Named>({ method: ['GET', 'HEAD'], url, handler: download });
  void instance.register(async streamed => {
    // Bytes are read as they are stored.
    streamed.removeAllContentTypeParsers();
    streamed.addContentTypeParser('*', (_request, _body, done) => done(null, undefined));
    // TR-069 A.3.2.5: by PUT; some CPEs take POST.
    streamed.route<Named>({ method: ['PUT', 'POST'], url, handler: upload });
  });
}
