const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? '&quot;')

/**
 * MARCXML of a record that is written one field a line, as cataloguers do: `001 42`,
 * `264 _1 $aNew York :$bSample Press,$c1992.` with `_` for a blank indicator.
 */
export function marcXml(lines: string): string {
  const fields = lines
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .map((line) => (line.startsWith('00') ? controlField(line) : dataField(line)))
  return [
    '<record xmlns="http://www.loc.gov/MARC21/slim">',
    '<leader>00000nam a2200000 a 4500</leader>',
    ...fields,
    '</record>',
  ].join('\n')
}

function controlField(line: string): string {
  return `<controlfield tag="${line.slice(0, 3)}">${escaped(line.slice(4))}</controlfield>`
}

function dataField(line: string): string {
  const [ind1, ind2] = line.slice(4, 6).replaceAll('_', ' ')
  const subfields = line
    .slice(7)
    .split('$')
    .slice(1)
    .map((text) => `<subfield code="${text[0]}">${escaped(text.slice(1))}</subfield>`)
  return `<datafield tag="${line.slice(0, 3)}" ind1="${ind1}" ind2="${ind2}">${subfields.join('')}</datafield>`
}
