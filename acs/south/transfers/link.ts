// Links to the files of transfers: unguessable, each bound to one task and one direction.
import { timingSafeEqual } from 'node:crypto';
import type { Task } from '../../device/task.ts';
import { tagOf } from '../../fleet/common/secrets.ts';

export type Direction = 'download' | 'upload';

/** The route of all links. */
export const LINK_ROUTE = '/files/:id/:tag/:name';

export interface LinkRoute {
  Params: { id: string; tag: string; name: string };
}

/** Characters of a name in a link: an URL of a transfer has at most 256 (TR-069 A.3.2.8). */
const MAX_NAME = 100;

/** The end of a file's name, where its kind shows, in the form that an URL needs. */
function nameInLink(file: string): string {
  const characters = [...file].map(encodeURIComponent);
  let length = characters.reduce((sum, { length }) => sum + length, 0);
  while (length > MAX_NAME) length -= characters.shift()?.length ?? 0;
  return characters.join('');
}

/** The path of a link below the base URL of the ACS. Its last part is for the display of the CPE only. */
export function linkOf(key: Buffer, task: Task, direction: Direction): string {
  const name = nameInLink(task.file ?? 'file');
  return `/files/${task.id}/${tagOf(key, `${direction}:${task.id}`)}/${name}`;
}

export function isGenuine(key: Buffer, { id, tag }: LinkRoute['Params'], direction: Direction): boolean {
  const [given, good] = [Buffer.from(tag), Buffer.from(tagOf(key, `${direction}:${id}`))];
  return given.length === good.length && timingSafeEqual(given, good);
}

/** The request target belongs to a transfer, not to a session. */
export const isFileUrl = (path: string): boolean => path.startsWith('/files/');
