// The refusal of values that would make a parameter tree too large, in any store.
import { UserError } from '../errors.ts';

export const parameterLimit = (count: number, most: number): UserError =>
  new UserError(
    413,
    'parameter-limit',
    `the device would have ${count} known parameters, and at most ${most} are kept (--max-parameters): none of these is kept`,
  );
