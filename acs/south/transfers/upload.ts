// Uploads: what a CPE sends for a task becomes a stored file, or a backup of its device.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LinkRoute } from './link.ts';
import { openTaskOf, type TransferOptions } from './open-task.ts';

const MAX_UPLOAD = 64 * 1024 * 1024;

/** Answers PUT and POST of a link: 201 once the file is stored, 404 where no transfer is under way. */
export async function upload(
  options: TransferOptions,
  request: FastifyRequest<LinkRoute>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { fleet, events, log } = options;
  const task = await openTaskOf(options, request.params, 'upload');
  if (!task) {
    log.warn('upload refused', { address: request.ip, task: request.params.id });
    return reply.code(404).send();
  }
  options.keepConnection?.(request, reply);
  const name = task.file ?? `upload-${task.id}`;
  const announced = Number(request.headers['content-length'] ?? 0);
  // A reader that stops in the middle keeps the connection, because the answer still has to leave.
  const content = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  const limits = { most: MAX_UPLOAD, announced, allow: () => fleet.files.mayReceive(name) };
  try {
    const { size } = task.backup
      ? await fleet.backups.transfers.receive(task, content, announced)
      : await fleet.files.put(name, content, { type: 'upload' }, limits);
    events.emit('file', { device: task.device, task: task.id, file: name, bytes: size, status: 201 });
    return reply.code(201).send();
  } finally {
    // The rest of a refused upload is read and dropped.
    request.raw.resume();
  }
}
