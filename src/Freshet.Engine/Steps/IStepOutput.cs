namespace Freshet.Engine.Steps;

/// <summary>
/// What a step's results go to: a served view, a sink, a waiting query. Called by the engine's thread, after the circuit
/// has finished the step and its input and journal entry are durable.
/// </summary>
internal interface IStepOutput
{
    /// <summary>Takes this step's delta from the circuit and makes it visible or hands it on.</summary>
    /// <param name="replayed">The step has been run before a restart: what was made durable outside then is not made again.</param>
    void Publish(long step, bool replayed);
}
