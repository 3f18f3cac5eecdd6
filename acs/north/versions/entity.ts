// Stored objects of operations: their entity tags (RFC 9110 8.8.3), and the conditions under which they are read and changed.
import { Type } from 'typebox';
import { editVersion } from '../../device/edit-version.ts';
import { UserError } from '../../errors.ts';
import type { Caller } from '../../fleet/access/caller.ts';
import { digestOf } from '../../fleet/common/fingerprint.ts';
import { fileVersion, type StoredFile } from '../../fleet/files/stored-file.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { LEARNED_PREFIX } from '../../fleet/models/learned-model.ts';
import { isVersioned } from '../../store/document-versions.ts';
import { documentVersion, type Edit, type EditCondition } from '../../store/edit.ts';
import type { Store } from '../../store/store.ts';
import { type Entity, factsOf, type Operation, type OperationInput, type OperationOutput } from '../operation.ts';

/** Conditions of a request, as their header fields say them. */
export interface Conditions {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

/** The conditions that an operation takes, for descriptions. */
export interface DeclaredCondition {
  name: keyof Conditions;
  header: string;
  description: string;
}

const ifMatch: DeclaredCondition = {
  name: 'ifMatch',
  header: 'If-Match',
  description: 'Change only the version with this ETag; * for any that is there. Otherwise the answer is 412',
};
const ifAbsent: DeclaredCondition = {
  name: 'ifNoneMatch',
  header: 'If-None-Match',
  description: '*: create only; 412 where the object is there',
};
const ifOther: DeclaredCondition = {
  name: 'ifNoneMatch',
  header: 'If-None-Match',
  description: 'ETags that the client has: 304 where one of them is still right',
};

export function conditionsOf(operation: Operation): readonly DeclaredCondition[] {
  if (!operation.entity) return operation.isTagged ? [ifOther] : [];
  if (factsOf(operation).isRead) return [ifOther];
  return operation.method === 'PUT' ? [ifMatch, ifAbsent] : [ifMatch];
}

const MAX_COMMENT = 500;
const comment = Type.Optional(
  Type.String({ maxLength: MAX_COMMENT, description: 'Why it is changed; kept with the version that this makes' }),
);

/** Adds what every operation takes that makes a version. */
export function withComment(row: Operation): Operation {
  if (!row.entity || !isVersioned(row.entity.kind) || factsOf(row).isRead) return row;
  return { ...row, query: Type.Object({ ...row.query?.properties, comment }, { additionalProperties: false }) };
}

/** The tags of a field, without their marks of weakness. @throws UserError 400 */
function tagsIn(header: string, field: string): string[] | '*' {
  if (field.trim() === '*') return '*';
  const tags = field.split(',').map(part => /^(?:W\/)?"([^"]*)"$/.exec(part.trim())?.[1]);
  const known = tags.filter(tag => tag !== undefined);
  if (known.length === tags.length) return known;
  throw new UserError(400, 'bad-input', `${header}: expected "TAG" as an ETag has it, several with commas, or *`);
}

/** The part of a tag that names the version; the rest tells apart what is shown of it. */
const versionIn = (tag: string): string => tag.split('.')[0] ?? '';

/** @throws UserError 400 */
export function conditionOf({ ifMatch: match, ifNoneMatch: other }: Conditions): EditCondition {
  const wanted = match === undefined ? undefined : tagsIn('If-Match', match);
  if (other !== undefined && tagsIn('If-None-Match', other) !== '*')
    throw new UserError(400, 'bad-input', 'If-None-Match: a change takes * alone');
  return {
    ...(wanted === '*' ? { exists: true } : wanted ? { oneOf: wanted.map(versionIn) } : {}),
    ...(other === undefined ? {} : { exists: false }),
  };
}

interface VersionContext {
  store: Pick<Store, 'device' | 'document'>;
  fleet: Pick<Fleet, 'clusterMemory'>;
  caller: Caller;
}

/** The version of a trace that runs. @param until it stops by itself then, milliseconds */
export const runningTrace = (until: number | undefined): string => (until === undefined ? 'on' : `on-${until}`);

/** A trace is in memory: it runs, or is off with what it has kept, or is not there. */
async function traceVersion({ clusterMemory }: Pick<Fleet, 'clusterMemory'>, id: string): Promise<string> {
  const { on, until, sessions } = await clusterMemory.traced(id);
  if (on) return runningTrace(until);
  return sessions.length > 0 ? 'off' : '';
}

/** @returns the version of the object now; '' where there is none */
export async function versionNow(
  { kind, name, nameFor }: Entity,
  input: OperationInput,
  { store, fleet, caller }: VersionContext,
): Promise<string> {
  const { params } = input;
  const named = nameFor?.(input, caller) ?? name ?? params.name ?? params.id ?? '';
  if (kind === 'device') {
    const row = await store.device(named);
    return row ? editVersion(row) : '';
  }
  if (kind === 'trace') return await traceVersion(fleet, named);
  if (kind === 'file') return fileVersion(await store.document<StoredFile>('file', named));
  const stored = kind === 'model' && named.startsWith(LEARNED_PREFIX) ? 'learnedModel' : kind;
  return documentVersion(await store.document(stored, named));
}

/** The answer to a read with its tag, or that the client has it already. @param version as it was before the read */
export async function taggedRead(
  output: OperationOutput,
  version: string,
  { ifNoneMatch }: Conditions,
): Promise<OperationOutput> {
  if (version === '' || (output.status ?? 200) !== 200) return output;
  const tag = output.bytes ? version : `${version}.${digestOf(output.body ?? null)}`;
  const headers = { ...output.headers, etag: `"${tag}"`, 'cache-control': 'private, no-cache' };
  const known = ifNoneMatch === undefined ? [] : tagsIn('If-None-Match', ifNoneMatch);
  if (known !== '*' && !known.includes(tag)) return { ...output, headers };
  await output.bytes?.[Symbol.asyncIterator]().return?.();
  return { status: 304, headers: { etag: `"${tag}"`, 'cache-control': 'private, no-cache' } };
}

export const taggedChange = (output: OperationOutput, { written }: Edit): OperationOutput =>
  written === undefined ? output : { ...output, headers: { ...output.headers, etag: `"${written}"` } };
