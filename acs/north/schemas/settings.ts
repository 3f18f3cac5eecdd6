// Shapes of settings.
import { Type } from 'typebox';
import { closed } from './common.ts';

const names = Type.Array(Type.String({ pattern: '^[\\w.*-]+$', maxLength: 256 }), {
  maxItems: 500,
  description:
    'Names of site fields, parameters, columns or arguments in any case; full paths, partial paths that end with a dot, or paths with * for one part',
});
export const secretsInput = closed({ names });
export const secretsSetting = Type.Object({ names });
