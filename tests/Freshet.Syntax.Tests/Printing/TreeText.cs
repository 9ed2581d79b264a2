using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using Freshet.Columns.Types;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tests.Printing;

/// <summary>A syntax tree as text without its places, so that trees of different texts can be compared.</summary>
internal static class TreeText
{
    public static string Of(object? node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return text.ToString();
    }

    private static void Write(object? node, StringBuilder text)
    {
        switch (node)
        {
            case null: text.Append("null"); break;
            case string s: text.Append('"').Append(s).Append('"'); break;
            case SqlType or Enum or bool or int: text.Append(string.Create(CultureInfo.InvariantCulture, $"{node}")); break;
            case IDictionary options:
                foreach (var key in options.Keys.Cast<string>().Order(StringComparer.Ordinal))
                {
                    text.Append(key).Append(':');
                    Write(options[key], text);
                }

                break;
            case IEnumerable items:
                text.Append('[');
                foreach (var item in items)
                {
                    Write(item, text);
                    text.Append(' ');
                }

                text.Append(']');
                break;
            default:
                text.Append(node.GetType().Name).Append('(');
                foreach (var property in node.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    if (property.PropertyType == typeof(TextSpan) || property.GetIndexParameters().Length > 0 || property.Name is "Last" or "IsStar") continue;
                    text.Append(property.Name).Append('=');
                    Write(property.GetValue(node), text);
                    text.Append(' ');
                }

                text.Append(')');
                break;
        }
    }
}
