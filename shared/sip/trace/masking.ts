// SIP messages without their secrets, for traces: answers to challenges, keys of media, passwords in addresses.
import { MASK } from '../../model/secret-names.ts';

const answers = /^(?:authorization|proxy-authorization)[ \t]*:/i;

/** The text of a message with `***` in the place of each secret; line by line, in linear time. */
export function maskedSip(text: string): string {
  let isAnswer = false;
  const lines = text.split('\n').map(line => {
    // RFC 3261 7.3.1: a line that begins with a blank continues the field before it.
    if (isAnswer && /^[ \t]/.test(line)) return `${line[0]}${MASK}${line.endsWith('\r') ? '\r' : ''}`;
    isAnswer = answers.test(line);
    return isAnswer ? maskedAnswer(line) : maskedLine(line);
  });
  return lines.join('\n');
}

function maskedLine(line: string): string {
  // RFC 4568 9.1: the keys follow `inline:`; RFC 4567 3: the data follow the name of the protocol; RFC 4566 5.12.
  if (/^a=crypto:/i.test(line)) return line.replace(/\binline:[^|;\s]{1,1000}/gi, `inline:${MASK}`);
  if (/^a=key-mgmt:/i.test(line)) return line.replace(/^(a=key-mgmt:\s?\S{1,40} ).*?(\r?)$/is, `$1${MASK}$2`);
  if (/^k=/.test(line)) return line.replace(/^(k=[^:\r]{1,40}).*?(\r?)$/s, `$1:${MASK}$2`);
  return line.replace(/(\bsips?:[^\s:@<>"]{1,256}):[^\s@<>"]{1,256}@/gi, `$1:${MASK}@`);
}

/** RFC 3261 22.4: of a digest the response proves the password; another scheme is masked whole. */
function maskedAnswer(line: string): string {
  const [name = ''] = line.split(':', 1);
  if (!/:\s*digest\s/i.test(line)) return `${name}: ${MASK}`;
  return line.replace(/\bresponse\s{0,10}=\s{0,10}(?:"[^"]{0,1000}"|[^",\s]{1,1000})/gi, `response="${MASK}"`);
}
