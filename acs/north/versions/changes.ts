// The differences between two versions of an object, field by field, with parameters named. Values are compared as they are and shown masked.

type Fields = Readonly<Record<string, unknown>>;

/** A version in both forms, which have the same fields. Of what the caller may not see the second has nothing. */
export interface Side {
  plain: Fields;
  shown: Fields;
}

export interface FieldChange {
  field: string;
  /** An entry of a field that is a record, or a cell of a row in it. */
  parameter?: string;
  from?: unknown;
  to?: unknown;
}

interface Leaf {
  field: string;
  parameter?: string;
  plain: unknown;
  shown: unknown;
}

const MAX_CHANGES = 1000;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asRecord = (value: unknown): Fields => (isRecord(value) ? value : {});

/** A table of rows, as presets have them. */
interface Table extends Fields {
  keys: string[];
  rows: Fields[];
}

const isTable = (value: unknown): value is Table =>
  isRecord(value) && Array.isArray(value.rows) && Array.isArray(value.keys);

/** The leaves by a text that is the same for the same place in another version. */
function leavesOf({ plain, shown }: Side): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const add = (leaf: Leaf): void => {
    const id = JSON.stringify([leaf.field, leaf.parameter ?? null]);
    // Rows with equal keys are told apart by their order.
    if (leaves.has(id)) add({ ...leaf, parameter: `${leaf.parameter ?? ''}'` });
    else leaves.set(id, leaf);
  };
  for (const [field, value] of Object.entries(shown)) {
    const own = plain[field];
    if (!isRecord(value)) add({ field, plain: own, shown: value });
    else
      for (const [parameter, entry] of Object.entries(value)) {
        const ownEntry = asRecord(own)[parameter];
        if (isTable(entry) && isTable(ownEntry)) addTable({ field, parameter, plain: ownEntry, shown: entry }, add);
        else add({ field, parameter, plain: ownEntry, shown: entry });
      }
  }
  return leaves;
}

function addTable(
  { field, parameter, plain, shown }: { field: string; parameter: string; plain: Table; shown: Table },
  add: (leaf: Leaf) => void,
): void {
  const { rows: _rows, ...about } = shown;
  const { rows: _own, ...ownAbout } = plain;
  add({ field, parameter, plain: ownAbout, shown: about });
  for (const [at, row] of shown.rows.entries()) {
    const keys = shown.keys.map(key => String(row[key]));
    const name = `${parameter}{${keys.length > 0 ? keys.join(',') : at + 1}}`;
    for (const [column, cell] of Object.entries(row))
      add({ field, parameter: `${name}.${column}`, plain: plain.rows[at]?.[column], shown: cell });
  }
}

/** @returns the changes in the order of fields, and the number of those beyond the bound */
export function changesBetween(from: Side, to: Side): { changes: FieldChange[]; omitted: number } {
  const [before, after] = [leavesOf(from), leavesOf(to)];
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    id => JSON.stringify(before.get(id)?.plain) !== JSON.stringify(after.get(id)?.plain),
  );
  const changes = differing.slice(0, MAX_CHANGES).map((id): FieldChange => {
    const [was, is] = [before.get(id), after.get(id)];
    const { field, parameter } = (is ?? was) as Leaf;
    return {
      field,
      ...(parameter === undefined ? {} : { parameter }),
      ...(was ? { from: was.shown } : {}),
      ...(is ? { to: is.shown } : {}),
    };
  });
  return { changes, omitted: differing.length - changes.length };
}
