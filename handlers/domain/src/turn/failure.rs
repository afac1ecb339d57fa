//! Why a turn ends without an answer, in stable codes and in both languages.

/// Stable code of a failed turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCode {
    /// More than [`crate::limits::MAX_STEPS`] steps.
    StepLimit,
    /// More than [`crate::limits::MAX_RUNNING_MS`] of running time.
    TimeLimit,
    /// More than [`crate::limits::MAX_TURN_TOKENS`].
    TokenLimit,
    /// The person, or the tenant, has used up the tokens of the day.
    TokenQuota,
    /// The document would grow above [`crate::limits::MAX_TURN_BYTES`].
    TurnTooLarge,
    /// One step was claimed too often.
    ModelLost,
    /// Two answers in a row could not be used.
    ModelUnusable,
    /// The model does not answer.
    ModelUnavailable,
    /// The model refuses the request.
    ModelRejected,
    /// The model does not accept this deployment's key.
    ModelUnauthorized,
    /// The asker did not sign in to Azure in time.
    SignIn,
}

impl FailureCode {
    /// The code as in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StepLimit => "step_limit",
            Self::TimeLimit => "time_limit",
            Self::TokenLimit => "token_limit",
            Self::TokenQuota => "token_quota",
            Self::TurnTooLarge => "turn_too_large",
            Self::ModelLost => "model_lost",
            Self::ModelUnusable => "model_unusable",
            Self::ModelUnavailable => "model_unavailable",
            Self::ModelRejected => "model_rejected",
            Self::ModelUnauthorized => "model_unauthorized",
            Self::SignIn => "sign_in",
        }
    }

    /// What a person is told, in `ko` or else English.
    pub fn message(self, language: &str) -> &'static str {
        let (english, korean) = match self {
            Self::StepLimit => (
                "The answer needed more than 16 steps. Ask for a smaller part.",
                "답변에 16단계가 넘게 필요합니다. 더 작은 부분으로 나누어 질문해 주세요.",
            ),
            Self::TimeLimit => (
                "The turn ran for more than 30 minutes. Ask for a smaller part.",
                "작업이 30분을 넘었습니다. 더 작은 부분으로 나누어 질문해 주세요.",
            ),
            Self::TokenLimit => (
                "The turn used up its token budget. Ask for a smaller part.",
                "이 질문의 토큰 예산을 모두 사용했습니다. 더 작은 부분으로 나누어 질문해 주세요.",
            ),
            Self::TokenQuota => (
                "The token quota of today is used up. Ask again after midnight UTC, or ask an administrator for more.",
                "오늘의 토큰 할당량을 모두 사용했습니다. UTC 자정 이후에 다시 질문하거나 관리자에게 늘려 달라고 요청해 주세요.",
            ),
            Self::TurnTooLarge => (
                "The turn grew too large to be kept. Ask for a smaller part.",
                "작업이 보관할 수 있는 크기를 넘었습니다. 더 작은 부분으로 나누어 질문해 주세요.",
            ),
            Self::ModelLost => (
                "The model step was interrupted four times. Try again.",
                "모델 단계가 네 번 중단되었습니다. 다시 시도해 주세요.",
            ),
            Self::ModelUnusable => (
                "The model asked twice for something that is no valid tool call. Rephrase the question or choose another model.",
                "모델이 올바르지 않은 도구 호출을 두 번 요청했습니다. 질문을 바꾸거나 다른 모델을 선택해 주세요.",
            ),
            Self::ModelUnavailable => (
                "The model does not answer. Try again in a minute or choose another model.",
                "모델이 응답하지 않습니다. 잠시 후 다시 시도하거나 다른 모델을 선택해 주세요.",
            ),
            Self::ModelRejected => (
                "The model refused the request. Rephrase the question or choose another model.",
                "모델이 요청을 거절했습니다. 질문을 바꾸거나 다른 모델을 선택해 주세요.",
            ),
            Self::ModelUnauthorized => (
                "The model does not accept the key of this deployment. Tell an administrator, or choose another model.",
                "모델이 이 배포의 키를 받아들이지 않습니다. 관리자에게 알리거나 다른 모델을 선택해 주세요.",
            ),
            Self::SignIn => (
                "Nobody signed in to Azure in time. Sign in and ask again.",
                "제시간에 Azure에 로그인하지 않았습니다. 로그인한 뒤 다시 질문해 주세요.",
            ),
        };
        if language == "ko" { korean } else { english }
    }
}
