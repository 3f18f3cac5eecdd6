// A change that a caller makes to a stored object: who makes it, and on which of its versions it may be based.
import { UserError } from '../errors.ts';
import type { ChangeNote } from './document-versions.ts';

/** The versions on which a change may be based; '' stands for no object. */
export interface EditCondition {
  /** One of these; absent: any. */
  oneOf?: readonly string[];
  /** The object must be there, or must not; absent: either. */
  exists?: boolean;
}

/** The version of a stored document, as conditions name it; '' where there is none. */
export const documentVersion = (stored: { generation: number } | undefined): string =>
  stored ? String(stored.generation) : '';

export class Edit {
  #note: ChangeNote | undefined;
  readonly #condition: EditCondition;
  #written: string | undefined;

  constructor(note?: ChangeNote, condition: EditCondition = {}) {
    this.#note = note;
    this.#condition = condition;
  }

  get note(): ChangeNote | undefined {
    return this.#note;
  }

  /** Comments the change, unless its author has. */
  remark(comment: string): void {
    if (this.#note) this.#note = { comment, ...this.#note };
  }

  /** Without a condition the last writer wins. */
  get isConditional(): boolean {
    return this.#condition.oneOf !== undefined || this.#condition.exists !== undefined;
  }

  /** The version that the change has made; undefined before it, and for a deletion. */
  get written(): string | undefined {
    return this.#written;
  }

  wrote(version: string): void {
    this.#written = version;
  }

  /** @param current '' where there is no object @throws UserError 412 with the current version */
  assertAllows(current: string): void {
    const { oneOf, exists } = this.#condition;
    const isAllowed = (exists === undefined || exists === (current !== '')) && (oneOf?.includes(current) ?? true);
    if (isAllowed) return;
    const reason = current === '' ? 'it is not there' : exists === false ? 'it is there already' : 'it has changed';
    throw new UserError(
      412,
      'changed-meanwhile',
      `the object is not in the state that the request asks for: ${reason}`,
      {
        etag: current === '' ? null : `"${current}"`,
      },
    );
  }
}
