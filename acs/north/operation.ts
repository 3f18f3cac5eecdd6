// One operation of the API: a row of the table that REST and the API description are made from.
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

/** Roles in ascending order: each includes the rights of the ones before it. */
export type Role = 'viewer' | 'operator' | 'admin';

/** JSON by a schema, optionally CSV too; or raw bytes, as `IncomingBytes`. */
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
  /** The successful answers by status; any other answer is a problem document. */
  answers: Record<number, TSchema | 'bytes' | 'text' | 'nothing'>;
  /** Problems that are specific to the operation, by status. */
  problems?: Record<number, string>;
  run(input: OperationInput, context: OperationContext): Promise<OperationOutput>;
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
}

/** `status` defaults to 200; without `body` the answer is empty; `bytes` are sent as fast as the client reads them. */
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
