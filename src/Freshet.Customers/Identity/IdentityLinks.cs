using Freshet.Columns.Types;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Customers.Identity;

/// <summary>
/// The kept links of names: which two have stood in one event. A link stands in the lists of both its ends.
/// Cost: keeping a link looks along the shorter of the two lists, ending one along both up to it.
/// </summary>
internal sealed unsafe class IdentityLinks(IdentityGraph names) : IDisposable
{
    private readonly StateTable _links = new(new RowLayout(ReadOnlySpan<PhysicalKind>.Empty, new ExtraField(sizeof(LinkRow))), new PageVersions());

    public long Rows => _links.Rows;

    public long Bytes => _links.Bytes;

    /// <summary>Links that keeping one has looked at.</summary>
    public long Steps { get; private set; }

    /// <summary>Keeps a link of two names, if it is not kept yet.</summary>
    public void Keep(uint a, uint b)
    {
        // The shorter of the two lists ends first.
        var (ofA, ofB) = (names.Name(a)->Links, names.Name(b)->Links);
        while (ofA != NameRow.None && ofB != NameRow.None)
        {
            Steps++;
            if (OtherEnd(ofA, a) == b || OtherEnd(ofB, b) == a) return;
            (ofA, ofB) = (Next(ofA, a), Next(ofB, b));
        }

        var slot = _links.Add();
        *(LinkRow*)_links.Row(slot) = new LinkRow { A = a, B = b, NextOfA = names.Name(a)->Links, NextOfB = names.Name(b)->Links };
        names.Name(a)->Links = slot;
        names.Name(b)->Links = slot;
    }

    public uint OtherEnd(uint link, uint name) => Row(link)->A is var a && a == name ? Row(link)->B : a;

    /// <summary>The link after this one in the list of one of its ends.</summary>
    public uint Next(uint link, uint name) => Row(link)->A == name ? Row(link)->NextOfA : Row(link)->NextOfB;

    public void End(uint link)
    {
        var row = *Row(link);
        Unhook(row.A, link, row.NextOfA);
        Unhook(row.B, link, row.NextOfB);
        _links.Remove(link);
    }

    public void EndOfStep() => _links.EndOfStep();

    public void Dispose() => _links.Dispose();

    private LinkRow* Row(uint link) => (LinkRow*)_links.Row(link);

    private void Unhook(uint name, uint link, uint next)
    {
        if (names.Name(name)->Links == link)
        {
            names.Name(name)->Links = next;
            return;
        }

        var before = names.Name(name)->Links;
        while (Next(before, name) != link) before = Next(before, name);
        var row = (LinkRow*)_links.Change(before);
        if (row->A == name) row->NextOfA = next;
        else row->NextOfB = next;
    }
}
