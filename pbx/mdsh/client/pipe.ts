// The shell fed by a pipe or file: one command a line, no prompt unless asked for, and no questions.
import type { Exit } from '../shell.ts';
import { MAX_LINE } from '../syntax/words.ts';
import type { ShellLink } from './link.ts';

interface PipeStreams {
  input: AsyncIterable<string | Buffer>;
  out(text: string): void;
  error(text: string): void;
}

export const PROMPT = 'MDSH> ';

/** Runs all lines. @returns the exit code of the last command @throws UserError where the server does not answer */
export async function runPipe(link: ShellLink, streams: PipeStreams, hasPrompt: boolean): Promise<Exit> {
  let exit: Exit = 0;
  if (hasPrompt) streams.out(PROMPT);
  for await (const { line, isWhole } of linesOf(streams.input)) {
    if (line.trim() === 'exit') return exit;
    if (!isWhole && line.trim() !== '' && !line.trimEnd().endsWith(';')) {
      streams.error('mdsh: the last line has no end and was not executed\n');
      return 2;
    }
    if (!line.trimStart().startsWith('#')) exit = await runLine(link, streams, line, exit);
    if (hasPrompt) streams.out(PROMPT);
  }
  return exit;
}

async function runLine(link: ShellLink, streams: PipeStreams, line: string, before: Exit): Promise<Exit> {
  if (line.trim() === '') return before;
  let text = '';
  const answer = await link.run({ line }, part => {
    // The exit code arrives last and decides the stream of the text: messages about wrong syntax go to stderr.
    if (text !== '') streams.out(text);
    text = part;
  });
  if (answer.exit === 2) streams.error(text);
  else streams.out(text);
  return answer.exit;
}

/** Lines of a stream; the last one may have no end. A line that is too long is cut, and so found wrong. */
async function* linesOf(input: AsyncIterable<string | Buffer>): AsyncGenerator<{ line: string; isWhole: boolean }> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of input) {
    const lines = (held + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    held = (lines.pop() ?? '').slice(0, MAX_LINE + 1);
    for (const line of lines) yield { line: line.replace(/\r$/, ''), isWhole: true };
  }
  if (held !== '') yield { line: held, isWhole: false };
}
