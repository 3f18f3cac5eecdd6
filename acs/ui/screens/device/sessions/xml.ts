// XML of a message as lines to read, and the faults in it. What cannot be parsed is shown as it is.

/** A line: markup, then text, then markup. */
export interface XmlLine {
  depth: number;
  open: string;
  text: string;
  close: string;
}

export interface CwmpFaultText {
  code: string;
  message: string;
  parameters: { name: string; code: string; message: string }[];
}

function parsed(xml: string): Document | undefined {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  return document.getElementsByTagName('parsererror').length > 0 ? undefined : document;
}

const named = (from: Document | Element, name: string): Element | undefined =>
  from.getElementsByTagNameNS('*', name)[0];
const textOf = (from: Element, name: string): string => named(from, name)?.textContent.trim() ?? '';

/** The content of the body, line by line. @param most lines; what follows is left out */
export function linesOf(xml: string, most: number): { lines: XmlLine[]; isCut: boolean } {
  const document = parsed(xml);
  if (!document) {
    const raw = xml.split('\n');
    return {
      lines: raw.slice(0, most).map(text => ({ depth: 0, open: '', text, close: '' })),
      isCut: raw.length > most,
    };
  }
  const body = named(document, 'Body');
  const roots = body ? [...body.children] : [document.documentElement];
  const lines: XmlLine[] = [];
  const add = (element: Element, depth: number): void => {
    if (lines.length > most) return;
    const { tagName } = element;
    const attributes = [...element.attributes].filter(({ name }) => !name.startsWith('xmlns'));
    const open = `<${[tagName, ...attributes.map(({ name, value }) => `${name}="${value}"`)].join(' ')}>`;
    const close = `</${tagName}>`;
    if (element.children.length === 0) {
      lines.push({ depth, open, text: element.textContent, close });
      return;
    }
    lines.push({ depth, open, text: '', close: '' });
    for (const child of element.children) add(child, depth + 1);
    lines.push({ depth, open: '', text: '', close });
  };
  for (const root of roots) add(root, 0);
  return { lines: lines.slice(0, most), isCut: lines.length > most };
}

/** The fault of TR-069 A.5 in a message; undefined where there is none. */
export function faultOf(xml: string): CwmpFaultText | undefined {
  const document = parsed(xml);
  const fault = document && [...document.getElementsByTagNameNS('*', 'Fault')].find(each => named(each, 'FaultCode'));
  if (!fault) return undefined;
  const list = [...fault.getElementsByTagNameNS('*', 'SetParameterValuesFault')];
  const inner = [...fault.getElementsByTagNameNS('*', 'Fault')].find(each => named(each, 'FaultCode')) ?? fault;
  const ownText = (name: string): string =>
    [...inner.children].find(({ localName }) => localName === name)?.textContent.trim() ?? textOf(inner, name);
  return {
    code: ownText('FaultCode'),
    message: ownText('FaultString'),
    parameters: list.map(each => ({
      name: textOf(each, 'ParameterName'),
      code: textOf(each, 'FaultCode'),
      message: textOf(each, 'FaultString'),
    })),
  };
}
