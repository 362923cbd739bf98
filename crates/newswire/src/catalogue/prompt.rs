//! The prompt: a template becomes the text that a model gets.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    PromptTemplate prompt_template prompt_template_with TEMPLATE Prompt "The rendering of a prompt template", otel Absent("OpenTelemetry has no operation for it"),
    identity (name: Text = Meta "gen_ai.prompt.name" => "The template.";)
    started "prompt.template.started" PromptTemplateStarted agui Absent("AG-UI has no prompts"),
        (template: Option<Text> = Content => "The text with its placeholders.";)
        {variable_count: Option<u64> = Measure => "How many variables it is given.";
         model: Option<Text> = Meta "gen_ai.request.model" => "The model that it is meant for, instead of the usual one.";}
    progress "prompt.template.progress" PromptTemplateProgress agui Absent("AG-UI has no prompts"),
    completed "prompt.template.completed" PromptTemplateCompleted agui Absent("AG-UI has no prompts"),
        outcome text: Option<Text> = Content "gen_ai.system_instructions" => "What came of it.";
        {hash: Option<Text> = Meta => "SHA-256 of the text, in hexadecimal.";
         variables: Option<Json> = Content => "The variables that it used, by name.";
         unused_variables: Option<Json> = Meta => "The names of those that it didn't use.";
         fragments: Option<Json> = Meta => "The names of the pieces that it is put together from.";
         pass_count: Option<u64> = Measure => "How many passes it took.";}
    failed "prompt.template.failed" PromptTemplateFailed agui Absent("AG-UI has no prompts"),
        {unresolved_placeholders: Option<Json> = Meta => "The names of the placeholders that nothing was given for.";}
    canceled "prompt.template.canceled" PromptTemplateCanceled agui Absent("AG-UI has no prompts"),
}
