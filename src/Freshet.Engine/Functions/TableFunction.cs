namespace Freshet.Engine.Functions;

/// <summary>
/// Rows of each row, called by <c>LATERAL TABLE(f(x)) AS t(a, b)</c>. The class has one or more public methods <c>Eval</c> that return
/// <c>IEnumerable&lt;TRow&gt;</c>.
/// <code>
/// public sealed class Words : TableFunction&lt;string&gt;
/// {
///     public IEnumerable&lt;string&gt; Eval(string text) => text.Split(' ');
/// }
/// </code>
/// </summary>
/// <typeparam name="TRow">A value of the types of <see cref="UserFunction"/>, or a class, record or tuple whose public properties (fields of a tuple) are the columns.</typeparam>
public abstract class TableFunction<TRow> : UserFunction;
