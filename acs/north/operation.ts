// One operation of the API: a row of the table that REST and the API description are made from.
import type { TObject, TSchema } from 'typebox';
import type { Clock } from '../../shared/clock.ts';
import type { Caller } from '../fleet/access/caller.ts';
import type { Author } from '../fleet/access/principal.ts';
import type { OperationFacts, Role } from '../fleet/access/rights.ts';
import type { SendConnectionRequest } from '../fleet/common/ports.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Edit } from '../store/edit.ts';
import type { DocumentKind } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { ServerFacts } from './server-facts.ts';
import type { CookieNames } from './session-cookie.ts';
import type { Shown } from './views/limited.ts';

/** The path below which all operations are. */
export const BASE = '/api/v1';

export interface OperationContext {
  fleet: Fleet;
  store: Store;
  sendConnectionRequest: SendConnectionRequest;
  clock: Clock;
  server: () => ServerFacts;
}

/** The context of one call. */
export interface CallContext extends OperationContext {
  caller: Caller;
  /** Makes views for the caller. */
  show: Shown;
  origin: RequestOrigin;
  /** The change that the call makes, under the conditions of its request. */
  edit: Edit;
}

/** The way by which a request came. */
export interface RequestOrigin {
  address: string;
  /** By HTTPS, to this server or to a trusted proxy before it. */
  isSecure: boolean;
  /** The URL of the API as the client has it. */
  base: string;
  /** The value of a cookie. @param names by HTTPS, and by plain HTTP */
  cookie(names: CookieNames): string | undefined;
  /** The session whose cookie it shows. */
  session?: { secret: string; expires: number; signOutUrl?: string };
}

/**
 * The devices that an operation is about. A caller whose rights reach only some devices
 * - `none`: gets all of it, because it is about no device;
 * - `device`, `task`, `fault`, `rollout`, `job`: gets 404 where the one in the path is out of its rights, before `run`;
 * - `devices`: gets what `run` leaves, which asks the caller;
 * - `fleet`: is refused, because all devices are concerned;
 * - `access`: is refused, as every caller is but an admin without limits;
 * - `self`: is about the caller itself, whatever its rights.
 */
export type OperationScope = (typeof operationScopes)[number];
export const operationScopes = [
  'none',
  'device',
  'task',
  'fault',
  'rollout',
  'job',
  'devices',
  'fleet',
  'access',
  'self',
] as const;

/**
 * The parameters that an operation shows or sets. A caller whose rights allow only some parameters
 * - `none`: gets all of it, because no values of parameters are in it;
 * - `checked`: gets what `run` leaves, or 403 with the path;
 * - `shows-any`, `sets-any`: is refused where its rights to read, or to set, have limits.
 */
export type ParameterUse = (typeof parameterUses)[number];
export const parameterUses = ['none', 'checked', 'shows-any', 'sets-any'] as const;

/** JSON by a schema, optionally CSV too; or raw bytes, as `IncomingBytes`. */
export type OperationBody = 'bytes' | { json: TObject; csv?: string; optional?: boolean };

/** The object that an operation reads or changes. Reads answer its tag, changes take conditions on it (versions/entity.ts). */
export interface Entity {
  kind: DocumentKind | 'device' | 'trace';
  /** Its name, where no parameter of the path names it. */
  name?: string;
  /** The same, where the name depends on the call. */
  nameFor?(input: OperationInput, caller: Caller): string;
}

export interface Operation {
  name: string;
  summary: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1; `:id` names a path parameter. */
  path: string;
  role: Role;
  /** Needs no login. */
  isOpen?: true;
  /** A browser comes by a link: it gets problems as pages. */
  isPage?: true;
  /** A GET that the audit keeps, because it changes something. */
  isAudited?: true;
  scope: OperationScope;
  parameters: ParameterUse;
  /** The audit keeps the answer; by default the object of the path before and after, or for others the answer. */
  audit?: 'answer';
  /** The stored object that it reads or changes, where conditions may be put on its version. */
  entity?: Entity;
  /** A read whose answer has a tag although no stored object has a version for it. */
  isTagged?: true;
  query?: TObject;
  body?: OperationBody;
  /** Its refusals say in `lines` where in the text of the body they are. */
  marksLines?: true;
  /** The successful answers by status; any other answer is a problem document. */
  answers: Record<number, TSchema | 'bytes' | 'text' | 'nothing'>;
  /** The type of bytes or text in the answers, where it is not the usual one. */
  mediaType?: string;
  /** The answer comes as CSV, too (lists/list.ts). */
  csv?: true;
  /** Problems that are specific to the operation, by status. */
  problems?: Record<number, string>;
  run(input: OperationInput, context: CallContext): Promise<OperationOutput>;
}

/** Bytes as they arrive. Nothing is read before the operation asks for it. */
export interface IncomingBytes {
  content: AsyncIterable<Uint8Array>;
  /** The length that the client announces. */
  announced?: number;
}

export interface OperationInput {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body: unknown;
  contentType: string;
  /** The Accept header. */
  accept?: string;
  /** Only the headers of the answer are sent. */
  isHead?: boolean;
}

/** `status` defaults to 200; without `body` the answer is empty; `bytes` are sent as fast as the client reads them. */
export interface OperationOutput {
  status?: number;
  body?: unknown;
  bytes?: AsyncIterable<Buffer>;
  headers?: Record<string, string | string[]>;
  /** The caller as the audit names it, where the request shows nothing but what the operation has checked. */
  by?: Author;
}

/** The facts of an operation that rights are about. A POST that viewers may send changes nothing. */
export const factsOf = ({ name, role, method }: Pick<Operation, 'name' | 'role' | 'method'>): OperationFacts => ({
  name,
  role,
  isRead: method === 'GET' || (method === 'POST' && role === 'viewer'),
});

export const ok = (body: unknown): OperationOutput => ({ body });
export const none: OperationOutput = { status: 204 };
/** A parameter of the path. */
export const param = ({ params }: OperationInput, name = 'id'): string => params[name] ?? '';
export const noDevice = { 404: 'No such device' };
