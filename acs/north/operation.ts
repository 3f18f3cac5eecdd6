// What an operation of the API is: one row of the table from which REST and its description follow.
import type { TObject, TSchema } from 'typebox';
import type { Clock } from '../../shared/clock.ts';
import type { SendConnectionRequest } from '../fleet/common/ports.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Store } from '../store/store.ts';

export interface OperationContext {
  fleet: Fleet;
  store: Store;
  sendConnectionRequest: SendConnectionRequest;
  clock: Clock;
}

/** Who may call: each role may do what the ones before it may. */
export type Role = 'viewer' | 'operator' | 'admin';

/** A body as JSON by a schema, perhaps as CSV too; or raw bytes, which come as `IncomingBytes`. */
export type OperationBody = 'bytes' | { json: TObject; csv?: string; optional?: boolean };

export interface Operation {
  name: string;
  summary: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1; `:id` names a path parameter. */
  path: string;
  role: Role;
  query?: TObject;
  body?: OperationBody;
  /** What it answers when all is well, by status; any other answer is a problem document. */
  answers: Record<number, TSchema | 'bytes' | 'text' | 'nothing'>;
  /** The problems that are its own, by status. */
  problems?: Record<number, string>;
  run(input: OperationInput, context: OperationContext): Promise<OperationOutput>;
}

/** Bytes as they arrive: nothing of them is read before they are asked for. */
export interface IncomingBytes {
  content: AsyncIterable<Uint8Array>;
  /** How many will come, where the caller says so. */
  announced?: number;
}

export interface OperationInput {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body: unknown;
  contentType: string;
}

/** `status` 200 unless told; `body` undefined is an empty answer; `bytes` leave as the caller takes them. */
export interface OperationOutput {
  status?: number;
  body?: unknown;
  bytes?: AsyncIterable<Buffer>;
  headers?: Record<string, string>;
}

export const ok = (body: unknown): OperationOutput => ({ body });
export const none: OperationOutput = { status: 204 };
/** A parameter of the path. */
export const param = ({ params }: OperationInput, name = 'id'): string => params[name] ?? '';
export const noDevice = { 404: 'No such device' };
