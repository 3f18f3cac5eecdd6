// Select Endpoint: the settings of all endpoints (Default), or those of one.
import { cell, rowsOf, type Unit } from '../../services/service.ts';
import { html, type Markup } from '../render/markup.ts';
import { type CustomPart, type Field, type FormPart, form, type TablePart, table, yesNo } from '../render/part.ts';
import { selectedEndpoint, type View } from '../render/view.ts';

const endpointsOf = (unit: Unit): string[] => rowsOf(unit, 'EpAdm.Endpoint', ['EpId']).map(({ EpId }) => EpId);

function render(view: View): Markup {
  const selected = selectedEndpoint(view);
  const options = [['', 'Default'] as const, ...endpointsOf(view.unit).map(name => [name, name] as const)].map(
    ([value, text]) => html`<option value="${value}"${value === selected && html` selected`}>${text}</option>`,
  );
  const help = view.hasHelp && html`<input type="hidden" name="help" value="">`;
  return html`<form method="get" action="${view.path}">${help}<label for="endpoint">Select Endpoint</label> <select id="endpoint" name="endpoint">${options}</select> <button>Select</button></form>`;
}

export const selectEndpoint: CustomPart = { kind: 'custom', heading: 'Endpoint', render };

/** A form of the settings of all endpoints; one endpoint has its own. */
export const defaultForm = (
  heading: string,
  fields: readonly (string | Field)[],
  rest: Partial<FormPart> = {},
): FormPart => form(heading, fields, { isShown: view => selectedEndpoint(view) === '', ...rest });

/** The row of the selected endpoint in a table of settings by endpoint. */
export const endpointTable = (heading: string, name: string, columns: readonly (string | Field)[]): TablePart =>
  table(heading, name, ['EpId', { name: 'EnableConfig', label: 'Endpoint Specific', texts: yesNo }, ...columns], {
    isShown: view => selectedEndpoint(view) !== '',
    hasRow: (view, row) => cell(view.unit.config.tree, `${row}EpId`) === selectedEndpoint(view),
  });
