namespace ShopGenerator;

/// <summary>A product of the shop.</summary>
internal sealed record Product(string Id, string Name, string Category, int Cents);

/// <summary>400 products in eight categories; a few are hot: the n-th is chosen about as 1/n.</summary>
internal sealed class Catalog
{
    private static readonly string[] Categories = ["tea", "coffee", "mugs", "kettles", "grinders", "honey", "books", "gifts"];
    private static readonly string[] Makes = ["Harbour", "Linden", "Nordlys", "Café Ögon", "Quince & Co", "Old Mill", "雲", "Tidal"];
    private static readonly string[] Kinds = ["Classic", "Reserve", "No. 7", "Travel", "Large", "Sampler", "Organic", "\"Limited\""];

    private readonly double[] _upTo;

    public Catalog(Random random)
    {
        Products = [.. Enumerable.Range(1, 400).Select(n =>
        {
            var category = Categories[random.Next(Categories.Length)];
            var name = $"{Makes[random.Next(Makes.Length)]} {Kinds[random.Next(Kinds.Length)]} {category.TrimEnd('s')}";
            return new Product($"p-{n:000}", name, category, 250 + random.Next(60) * 50 + (random.Next(8) == 0 ? 9000 : 0) - 1);
        })];
        _upTo = new double[Products.Length];
        var sum = 0.0;
        for (var i = 0; i < _upTo.Length; i++) _upTo[i] = sum += 1.0 / (i + 1);
    }

    public Product[] Products { get; }

    public Product Pick(Random random)
    {
        var at = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
        return Products[Math.Min(at < 0 ? ~at : at, Products.Length - 1)];
    }
}
