// The change that a call makes, for the audit: the view of its object before and after, by the operation that reads it. Secrets are masked as
// in every answer; long values are cut.
import { MASK } from '../../shared/model/secret-names.ts';
import { Caller } from '../fleet/access/caller.ts';
import { adminToken } from '../fleet/access/principal.ts';
import { isVersioned } from '../store/document-versions.ts';
import type { DocumentKind } from '../store/records.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from './operation.ts';
import { fileView } from './views/core.ts';

export interface Change {
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

type View = Record<string, unknown>;

const MAX_VALUE = 2000;
const MAX_FIELDS = 100;
/** Fields that sessions and time change, not callers. */
const passing: ReadonlySet<string> = new Set(
  'online liveness lastInform lastBoot lastBootstrap lastEvents lastUsed unfinished address login unusedLogins openTasks parameterKey wantedRevision applied evaluated groups count waiting log totals perWave devices'.split(
    ' ',
  ),
);
/** Fields of answers that are shown once. */
const shownOnce: ReadonlySet<string> = new Set(['token', 'secret']);

const readers = new WeakMap<Operation, { reader: Operation | undefined }>();

/** The operation that reads what another one changes: that of the same path, or of the path that its last word belongs to. */
function readerOf(operation: Operation, operations: readonly Operation[]): Operation | undefined {
  const known = readers.get(operation);
  if (known) return known.reader;
  const path = operation.path.replace(/\/versions\/:version\/restore$/, '');
  const parent = /^(.*:\w+)\/[a-z-]+$/.exec(path)?.[1];
  const at = (wanted: string | undefined): Operation | undefined =>
    operations.find(({ method, path: own, answers }) => method === 'GET' && own === wanted && answers[200] !== 'bytes');
  const reader = at(path) ?? at(parent);
  readers.set(operation, { reader });
  return reader;
}

/** Reads what a call is about to change, or has changed. */
export class ChangeReader {
  readonly #operation: Operation;
  readonly #reader: Operation | undefined;
  readonly #input: OperationInput;
  readonly #context: CallContext;

  constructor(
    operation: Operation,
    { input, context, operations }: { input: OperationInput; context: CallContext; operations: readonly Operation[] },
  ) {
    this.#operation = operation;
    this.#reader = readerOf(operation, operations);
    this.#input = { ...input, query: {}, body: undefined };
    // The audit is for callers without limits: it tells of everything that was changed.
    const caller = new Caller(context, adminToken);
    this.#context = { ...context, caller, show: { ...context.show, caller } };
  }

  /** There is something to read besides the answer. */
  get hasObject(): boolean {
    return this.#reader !== undefined || hasVersion(this.#operation);
  }

  /** The answer of the operation, where it is what the reader would read now. */
  ofAnswer({ body }: OperationOutput, caller: Caller): View | undefined {
    const { answers } = this.#operation;
    const isSame =
      this.#reader !== undefined && answers[200] === this.#reader.answers[200] && !hasVersion(this.#operation);
    return isSame && !caller.isScoped && caller.readsAll ? (body as View | undefined) : undefined;
  }

  async read(): Promise<View | undefined> {
    try {
      const view = (await this.#reader?.run(this.#input, this.#context))?.body as View | undefined;
      return { ...view, ...(await versionOf(this.#operation, this.#input, this.#context)) };
    } catch {
      // It is not there, before it is created or after it is deleted; any other failure is that of the call itself.
      return undefined;
    }
  }
}

/** Files have one, and objects whose versions are kept; their views do not show it. */
const hasVersion = ({ entity }: Operation): boolean =>
  entity !== undefined && (entity.kind === 'file' || isVersioned(entity.kind));

/** The version of an object, and the digest of a file: their contents may be long. */
async function versionOf(operation: Operation, input: OperationInput, context: CallContext): Promise<View> {
  const { entity } = operation;
  if (!entity || !hasVersion(operation)) return {};
  if (entity.kind === 'file') return fileView(await context.fleet.files.about(input.params.name ?? ''));
  const found = await context.store.document(entity.kind as DocumentKind, entity.name ?? input.params.name ?? '');
  return found ? { version: found.generation } : {};
}

/** The fields in which two views differ; one level below for records such as overrides. */
export function changeOf(before: View | undefined, after: View | undefined): Change {
  const made = { before: {} as View, after: {} as View };
  let fields = 0;
  const note = (name: string, was: unknown, is: unknown): void => {
    if (JSON.stringify(was) === JSON.stringify(is) || ++fields > MAX_FIELDS) return;
    if (was !== undefined) made.before[name] = shortened(name, was);
    if (is !== undefined) made.after[name] = shortened(name, is);
  };
  for (const name of new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])) {
    if (passing.has(name)) continue;
    const [was, is] = [before?.[name], after?.[name]];
    if (!isRecord(was) || !isRecord(is)) note(name, was, is);
    else
      for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) note(`${name}.${key}`, was[key], is[key]);
  }
  return {
    ...(Object.keys(made.before).length > 0 ? { before: made.before } : {}),
    ...(Object.keys(made.after).length > 0 ? { after: made.after } : {}),
  };
}

const isRecord = (value: unknown): value is View =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shortened(name: string, value: unknown): unknown {
  if (shownOnce.has(name)) return MASK;
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}… (${text.length} characters)` : value;
}
