namespace Freshet.Engine.Functions;

/// <summary>
/// A value of each row. The class has one or more public methods <c>Eval</c> (static or not), with any parameters of the types of
/// <see cref="UserFunction"/>; the last may be <c>params</c>.
/// <code>
/// public sealed class Initials : ScalarFunction
/// {
///     public string Eval(string name) => string.Concat(name.Split(' ').Select(part => part[..1]));
/// }
/// </code>
/// </summary>
public abstract class ScalarFunction : UserFunction;
