// The fault of a text that is a preset or not yet one, and its line.
import type { Problem } from '../../../api/problem.ts';
import { lineOf } from '../../../components/code/json-tokens.ts';
import type { Walk } from '../../../components/code/json-walk.ts';
import { presets } from '../../../words/en/presets.ts';
import { textsOf } from '../../../words/texts.ts';
import { keyOf } from '../document.ts';
import type { Fit } from '../effects/use-fit.ts';
import type { Editing } from '../use-preset.ts';

const words = textsOf('presets', presets);

export interface TextFault {
  line: number | undefined;
  column?: number | undefined;
  message: string;
}

/** Where it is no JSON, that; else what the server says of it. @param problem about this text */
export function faultOf(
  { walk, draft, document }: Editing,
  fit: Fit,
  problem: Problem | undefined,
): TextFault | undefined {
  const { flaw } = walk;
  if (flaw) return { line: lineOf(draft.text, flaw.at), message: words().flaws[flaw.kind] };
  if (!document) return { line: 1, message: words().flaws.noObject };
  if (problem?.status === 400) {
    const [line] = (problem.document.lines as { line: number; column: number }[] | undefined) ?? [];
    return { line: line?.line, column: line?.column, message: problem.message };
  }
  if (fit.problem?.status !== 400) return undefined;
  const { message, column = 0 } = fit.problem;
  // The count asks for the filter within a bracket.
  const own = message.replace(`(column ${column})`, `(column ${column - 1})`);
  return { line: lineOfSetting(walk, draft.text, keyOf(['when'])), message: own };
}

/** The line on which a setting begins. @param key of its path */
export function lineOfSetting({ steps }: Walk, text: string, key: string): number | undefined {
  const step = steps.find(({ role, path }) => role === 'name' && keyOf(path) === key);
  return step && lineOf(text, step.token.at);
}
