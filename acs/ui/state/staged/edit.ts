// A change of a value that is not sent yet, and lists of them. All is pure.

/** The way in which a change is carried out: once, or as a value that the ACS keeps for the device. */
export type Way = 'value' | 'override';

export interface Refusal {
  code: number | string;
  message: string;
  /** Another value of the same task was refused: all go or none. */
  isBeside?: true;
}

export interface Edit {
  path: string;
  /** The value that was known when it was changed. */
  from: string;
  to: string;
  way: Way;
  /** The new value is a secret: it is kept in memory alone. */
  isSecret?: true;
  /** A secret that a reload has lost. */
  isLost?: true;
  /** The task that carries it. */
  task?: string;
  /** The time before which the task is not sent, as text. */
  night?: string;
  refusal?: Refusal;
}

export type Edits = readonly Edit[];

/** The list with this change, in place of an earlier one of the path; a change to the known value is none. */
export function withEdit(edits: Edits, edit: Edit): Edits {
  const { isLost: _lost, task: _task, night: _night, refusal: _refusal, ...fresh } = edit;
  if (fresh.to === fresh.from && fresh.way === 'value') return without(edits, [edit.path]);
  const at = edits.findIndex(({ path }) => path === edit.path);
  return at < 0 ? [...edits, fresh] : edits.with(at, fresh);
}

export const without = (edits: Edits, paths: readonly string[]): Edits =>
  edits.filter(({ path }) => !paths.includes(path));

/** The change starts from the newest value: what has changed meanwhile is known and accepted. */
export const rebased = (edits: Edits, path: string, value: string): Edits =>
  edits.map(edit => (edit.path === path ? { ...edit, from: value } : edit));

/** Marks the changes that a task carries. */
export const carried = (edits: Edits, paths: readonly string[], task: string, night?: string): Edits =>
  edits.map(edit => {
    const { refusal: _refusal, ...rest } = edit;
    return paths.includes(edit.path) ? { ...rest, task, ...(night === undefined ? {} : { night }) } : edit;
  });

/** Marks the changes of a task that was refused: each with its own fault, or as one beside it. */
export function refused(
  edits: Edits,
  paths: readonly string[],
  fault: {
    code: number | string;
    message: string;
    parameters?: readonly { name: string; code: number; message: string }[];
  },
): Edits {
  const own = new Map((fault.parameters ?? []).map(({ name, code, message }) => [name, { code, message }]));
  return edits.map(edit => {
    if (!paths.includes(edit.path)) return edit;
    const { task: _task, night: _night, ...rest } = edit;
    const { code, message } = fault;
    const refusal = own.get(edit.path) ?? { code, message, ...(own.size > 0 ? { isBeside: true as const } : {}) };
    return { ...rest, refusal };
  });
}

/** The changes as the browser may keep them: secrets without their text. */
export const storable = (edits: Edits): Edits =>
  edits.map(edit => (edit.isSecret ? { ...edit, to: '', isLost: true as const } : edit));

/** The list that was kept; what has another shape is left out. */
export function readEdits(text: string | null): Edits {
  if (text === null) return [];
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  return Array.isArray(list) ? list.filter(isEdit) : [];
}

const isEdit = (value: unknown): value is Edit => {
  if (typeof value !== 'object' || value === null) return false;
  const { path, from, to, way } = value as Partial<Record<keyof Edit, unknown>>;
  return [path, from, to].every(each => typeof each === 'string') && (way === 'value' || way === 'override');
};
