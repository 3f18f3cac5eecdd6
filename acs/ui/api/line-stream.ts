// Answers that come as lines of JSON while the server still works.
import { type CallOptions, send } from './call.ts';

/** The lines of an answer, each as soon as it is there. @throws Problem, AbortError */
export async function* linesOf<T>(method: string, path: string, options: CallOptions): AsyncGenerator<T> {
  const answer = await send(method, path, options);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let rest = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as T;
    }
    if (rest !== '') yield JSON.parse(rest) as T;
  } finally {
    await reader.cancel();
  }
}
