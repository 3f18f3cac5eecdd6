// Downloads: the file of a task, sent in whole or in part, or the text that was made for the task alone.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Task } from '../../device/task.ts';
import type { StoredFile } from '../../fleet/files/stored-file.ts';
import type { LinkRoute } from './link.ts';
import { openTaskOf, type TransferOptions, unlessMissing } from './open-task.ts';
import { partOf } from './range.ts';

/** Answers GET and HEAD of a link. An unknown, a deleted and a forbidden file look the same from outside: 404. */
export async function download(
  options: TransferOptions,
  request: FastifyRequest<LinkRoute>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { fleet, events, log } = options;
  const task = await openTaskOf(options, request.params, 'download');
  if (task) options.keepConnection?.(request, reply);
  const text = task?.content ? await fleet.moves.contentOf(task) : undefined;
  if (task && text) {
    const { name } = request.params;
    events.emit('file', { device: task.device, task: task.id, file: name, bytes: text.length, status: 200 });
    return reply.code(200).header('content-type', 'application/octet-stream').send(text);
  }
  const file = await fileOf(options, task);
  if (task && file && (await send(options, request, reply, task, file))) return reply;
  const reason = task
    ? `${task.file ?? 'the backup'} was replaced or deleted since the task was made`
    : 'no transfer under way';
  log.warn('download refused', { address: request.ip, task: request.params.id, reason });
  return reply.code(404).send();
}

/** The file, or the version of a backup, that the task was made for; a file that replaced it since is another one. */
async function fileOf({ fleet }: TransferOptions, task: Task | undefined): Promise<StoredFile | undefined> {
  if (task?.backup) return await fleet.backups.transfers.versionOf(task);
  if (!task?.file) return undefined;
  const about = await unlessMissing(fleet.files.about(task.file));
  return about && (task.fileHash === undefined || task.fileHash === about.sha256) ? about : undefined;
}

/** @returns false when the file was replaced just now */
async function send(
  { fleet, events, log }: TransferOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  task: Task,
  file: StoredFile,
): Promise<boolean> {
  const etag = `"${file.sha256}"`;
  const { status, start, end } = partOf(request.headers, file.size, etag);
  const content = await fleet.files.content(file, { start, end });
  if (!content) return false;
  let sent = 0;
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of chunks) {
      sent += chunk.length;
      yield chunk;
    }
  }
  // The event comes at every end, also an early one, with the bytes that had left by then.
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
    // One chunk is read ahead, so a slow CPE holds no more.
    highWaterMark: 1,
  });
  stream.once('error', error => log.error('download aborted', { task: task.id, file: file.name, error }));
  void reply.send(stream);
  return true;
}
