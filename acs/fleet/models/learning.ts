// Learning: the answers of devices teach the model of their product. Known names cost one look into a set; what is new is written at the
// end of the session that began to wait for it, together with all that other sessions have learned since.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { CpeMethod, ParameterInfo, ParameterValue } from '../../../shared/cwmp/methods.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { FleetContext } from '../common/context.ts';
import { retryConflicts } from '../common/documents.ts';
import type { Cpe } from '../common/ports.ts';
import {
  type LearnedEntries,
  type LearnedEntry,
  type LearnedModel,
  learnedName,
  learnInto,
  namedEntry,
  type Product,
  refusedDigest,
} from './learned-model.ts';
import { forget, ProductMemories } from './product-memories.ts';

/** Documents of learned models; new products are not learned beyond this number. */
const MAX_MODELS = 500;
/** Values that one answer may teach: the first of a longer list. */
const MAX_AT_ONCE = 20_000;

/** The fields of arguments and answers that are learned from. */
interface RpcArguments {
  ParameterList?: ParameterValue[];
  ParameterNames?: string[];
  ObjectName?: string;
}
interface RpcResults {
  ParameterList?: unknown;
}

export class ModelLearning {
  readonly #context: Pick<FleetContext, 'store' | 'log' | 'secrets'>;
  readonly #memories = new ProductMemories();
  #isWriting = false;

  constructor(context: Pick<FleetContext, 'store' | 'log' | 'secrets'>) {
    this.#context = context;
  }

  /** Wraps a CPE: its answers are learned from. */
  watching(cpe: Cpe, row: Product): Cpe {
    return {
      call: async (method, args) => {
        try {
          const results = await cpe.call(method, args);
          this.#answered(row, method, args as RpcArguments, results as RpcResults);
          return results;
        } catch (error) {
          if (error instanceof CwmpFault) this.#refused(row, method, args as RpcArguments, error);
          throw error;
        }
      },
    };
  }

  /** Writes what is new. Only one session at a time does; the others leave theirs to it. A failure is logged: the session goes on. */
  async write(): Promise<void> {
    if (this.#memories.waiting.size === 0 || this.#isWriting) return;
    this.#isWriting = true;
    for (const memory of this.#memories.waiting) {
      this.#memories.waiting.delete(memory);
      const { product, fresh } = memory;
      memory.fresh = {};
      try {
        await writeModel(this.#context, product, fresh);
      } catch (error) {
        // The device reports the name again in a later session, which learns it then.
        forget(memory);
        this.#context.log.warn('learned model write failed', { reason: messageOf(error) });
      }
    }
    this.#isWriting = false;
  }

  #answered(row: Product, method: CpeMethod, args: RpcArguments, results: RpcResults): void {
    const memory = this.#memories.of(row);
    if (method === 'GetParameterValues') {
      for (const { Name, Type } of (results.ParameterList as ParameterValue[]).slice(0, MAX_AT_ONCE))
        this.#memories.learn(memory, 'v', Name, { type: Type });
    } else if (method === 'GetParameterNames') {
      for (const info of (results.ParameterList as ParameterInfo[]).slice(0, MAX_AT_ONCE))
        this.#memories.learn(memory, 'n', info.Name, namedEntry(info));
    } else if (method === 'SetParameterValues') {
      for (const { Name } of args.ParameterList ?? []) this.#memories.learn(memory, 's', Name, { writable: true });
    } else if (method === 'AddObject') {
      this.#memories.learn(memory, 's', args.ObjectName ?? '', { writable: true });
    }
  }

  #refused(row: Product, method: CpeMethod, args: RpcArguments, fault: CwmpFault): void {
    const memory = this.#memories.of(row);
    const { ParameterList = [], ParameterNames = [], ObjectName = '' } = args;
    if (method === 'SetParameterValues') {
      const values = new Map(ParameterList.map(({ Name, Value }) => [Name, Value]));
      for (const { name, code } of fault.parameters)
        if (values.has(name) && !(code === 9007 && this.#context.secrets.names.has(name)))
          this.#memories.learn(memory, `f${code}`, name, refusal(code, name, values.get(name) ?? ''));
    } else if (method === 'GetParameterValues') {
      // A fault for several names does not say which.
      if (ParameterNames.length === 1 && fault.code === 9005)
        this.#memories.learn(memory, 'f9005', ParameterNames[0] ?? '', { absent: true });
    } else if (method === 'AddObject' && (fault.code === 9005 || fault.code === 9008)) {
      this.#memories.learn(memory, `f${fault.code}`, ObjectName, refusal(fault.code, ObjectName, ''));
    }
  }
}

function refusal(code: number, path: string, value: string): LearnedEntry | undefined {
  if (code === 9005) return { absent: true };
  if (code === 9008) return { writable: false };
  if (code === 9007) return { refused: [refusedDigest(path, value)] };
  return undefined;
}

async function writeModel(
  { store }: Pick<FleetContext, 'store'>,
  product: Product,
  fresh: LearnedEntries,
): Promise<void> {
  const name = learnedName(product);
  await retryConflicts(async () => {
    const before = await store.document<LearnedModel>('learnedModel', name);
    if (!before && (await store.documents('learnedModel')).length >= MAX_MODELS) return;
    const entries: LearnedEntries = { ...before?.body.entries };
    if (!learnInto(entries, fresh)) return;
    await store.putDocument('learnedModel', name, { product, entries }, before?.generation ?? 0);
  });
}
