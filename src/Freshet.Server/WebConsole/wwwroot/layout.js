// A layered drawing of a graph without cycles, after Sugiyama: each node in the column behind its furthest input, then the columns'
// orders mended a few times by the mean place of neighbours, then each node as near to that place as its column leaves room.
// Nodes are { id, inputs }; gives for each id its { column, y }, in rows.
export function layered(nodes) {
  const byId = new Map(nodes.map(n => [n.id, n]));
  const inputs = new Map(nodes.map(n => [n.id, n.inputs.filter(i => byId.has(i))]));
  const outputs = new Map(nodes.map(n => [n.id, []]));
  for (const n of nodes) for (const i of inputs.get(n.id)) outputs.get(i).push(n.id);

  const column = new Map();
  for (const n of nodes) column.set(n.id, Math.max(-1, ...inputs.get(n.id).map(i => column.get(i))) + 1);
  const columns = [];
  for (const n of nodes) (columns[column.get(n.id)] ??= []).push(n.id);

  const y = new Map();
  for (const ids of columns) ids.forEach((id, i) => y.set(id, i - (ids.length - 1) / 2));
  const mean = (id, of) => of.get(id).length === 0 ? y.get(id) : of.get(id).reduce((sum, o) => sum + y.get(o), 0) / of.get(id).length;
  const place = (ids, of) => {
    const wanted = new Map(ids.map(id => [id, mean(id, of)]));
    ids.sort((a, b) => wanted.get(a) - wanted.get(b) || a - b);
    // One row apart at least, as near to the wanted places as that allows: blocks that touch move to their mean.
    const blocks = [];
    for (const id of ids) {
      blocks.push({ ids: [id], at: wanted.get(id) });
      while (blocks.length > 1 && blocks.at(-2).at + blocks.at(-2).ids.length > blocks.at(-1).at) {
        const [b, a] = [blocks.pop(), blocks.pop()];
        const all = [...a.ids, ...b.ids];
        blocks.push({ ids: all, at: all.reduce((sum, each, i) => sum + wanted.get(each) - i, 0) / all.length });
      }
    }
    for (const block of blocks) block.ids.forEach((id, i) => y.set(id, block.at + i));
  };
  for (let round = 0; round < 6; round++) {
    for (const ids of columns) place(ids, inputs);
    for (const ids of columns.toReversed()) place(ids, outputs);
  }
  const least = Math.min(...y.values());
  return new Map(nodes.map(n => [n.id, { column: column.get(n.id), y: y.get(n.id) - least }]));
}
