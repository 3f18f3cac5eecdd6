// The faults of a staged change, in words.
import type { Edit } from '../../../state/staged/edit.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { textsOf } from '../../../words/texts.ts';
import type { Wrong } from './judge.ts';

const words = textsOf('deviceParameters', parameters);

export function wrongText(wrong: Wrong): string {
  const { wrong: texts } = words();
  switch (wrong.kind) {
    case 'choice':
      return wrong.near === undefined ? texts.choice(wrong.of.length) : texts.near(wrong.near);
    case 'range':
      return texts.range(wrong.min, wrong.max);
    case 'long':
      return texts.long(wrong.max);
    default:
      return texts[wrong.kind];
  }
}

export const refusalText = ({ refusal }: Pick<Edit, 'refusal'>): string | undefined => {
  if (!refusal) return undefined;
  return refusal.isBeside ? words().beside : words().refusal(String(refusal.code), refusal.message);
};
