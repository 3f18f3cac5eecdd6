// Warnings about the arguments of a new task. An RPC is sent as the operator writes it, because only its answer shows what the device
// does: what the models speak against is a warning here, by the same judgement that refuses it in a preset.
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import { Judgement } from '../models/judge.ts';
import type { ProductModels } from '../models/product-models.ts';
import { openedArguments } from './task-texts.ts';

/** Values of one task that are judged. */
const MAX_JUDGED = 500;

export async function taskWarnings(
  { store, secrets }: Pick<FleetContext, 'store' | 'secrets'>,
  models: ProductModels,
  { device, method, args: sealed }: Pick<Task, 'device' | 'method' | 'args'>,
): Promise<string[]> {
  if (method !== 'SetParameterValues' && method !== 'AddObject') return [];
  const row = await store.device(device);
  if (!row) return [];
  const args = openedArguments(secrets, sealed);
  const judgement = new Judgement({ ...(await models.ofDevice(row)), isVague: true });
  const refusals: string[] = [];
  const judge = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusals.push(error.message);
    }
  };
  const list = method === 'AddObject' ? [] : (args.ParameterList as ParameterValue[]);
  for (const { Name, Value, Type } of list.slice(0, MAX_JUDGED)) {
    const wanted = { value: Value, ...(Type ? { type: Type } : {}) };
    judge(() => judgement.value({ place: `args: ${Name}`, path: Name, wanted, texts: () => [Value] }));
  }
  if (method === 'AddObject') judge(() => judgement.table(String(args.ObjectName), false));
  return [...refusals, ...judgement.warnings];
}
