"""Ops that a model to be published may have: those that compute, and nothing else.

Everything that is not named here is refused, whoever made it: what reads, lists
or writes files, calls Python, loads libraries, opens connections, prints, or
runs a program that this scan cannot look into.
"""

_FLOW = """
    Assert Case Const Empty EnsureShape Enter Exit Fill Identity IdentityN If LoopCond Merge
    NextIteration NoOp OnesLike PartitionedCall Placeholder PlaceholderWithDefault PreventGradient
    StatefulPartitionedCall StatelessCase StatelessIf StatelessWhile StopGradient Switch
    SymbolicGradient While ZerosLike
"""

_VARIABLES = """
    Assign AssignAdd AssignAddVariableOp AssignSub AssignSubVariableOp AssignVariableOp
    DestroyResourceOp DisableCopyOnRead IsVariableInitialized ReadVariableOp ResourceApplyAdam
    ResourceApplyGradientDescent ResourceApplyMomentum ResourceApplyRMSProp ResourceGather
    ResourceGatherNd ResourceScatterAdd ResourceScatterNdAdd ResourceScatterNdUpdate
    ResourceScatterSub ResourceScatterUpdate VarHandleOp VarIsInitializedOp Variable VariableShape
    VariableV2
"""

_MATH = """
    Abs Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin Asin Asinh Atan
    Atan2 Atanh BatchMatMul BatchMatMulV2 BatchMatMulV3 Betainc Bincount BitwiseAnd BitwiseOr
    BitwiseXor Bucketize Cast Ceil Cholesky ClipByValue Complex Conj Cos Cosh Cross Cumprod Cumsum
    CumulativeLogsumexp DenseBincount Diag DiagPart Digamma Div DivNoNan Einsum Equal Erf Erfc
    Erfinv Exp Expm1 FFT FFT2D Floor FloorDiv FloorMod Greater GreaterEqual HistogramFixedWidth
    IFFT IFFT2D IRFFT IRFFT2D Igamma Igammac Imag Inv Invert IsFinite IsInf IsNan L2Loss LeftShift
    Less LessEqual Lgamma LinSpace Log Log1p LogicalAnd LogicalNot LogicalOr MatMul MatrixBandPart
    MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV3 MatrixDiagV3 MatrixInverse
    MatrixSetDiag MatrixSetDiagV3 MatrixSolve Max Maximum Mean Min Minimum Mod Mul MulNoNan Ndtri
    Neg NextAfter NotEqual Polygamma Pow Prod Qr RFFT RFFT2D Range Real RealDiv Reciprocal
    RightShift Rint Round Rsqrt SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum Select
    SelectV2 Sigmoid Sign Sin Sinh Sqrt Square SquaredDifference Sub Sum Svd Tan Tanh TruncateDiv
    TruncateMod UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum Xdivy
    Xlog1py Xlogy Zeta
"""

_GRADIENTS = """
    AvgPoolGrad BiasAddGrad Conv2DBackpropFilter Conv2DBackpropInput
    DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput EluGrad
    FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3 InvGrad LeakyReluGrad LRNGrad
    MaxPoolGrad MaxPoolGradV2 MirrorPadGrad ReciprocalGrad Relu6Grad ReluGrad ResizeBicubicGrad
    ResizeBilinearGrad ResizeNearestNeighborGrad RsqrtGrad SeluGrad SigmoidGrad SoftplusGrad
    SoftsignGrad SqrtGrad TanhGrad
"""

_NETWORKS = """
    AvgPool AvgPool3D BiasAdd BiasAddV1 Conv2D Conv3D CropAndResize DepthwiseConv2dNative
    Dilation2D Elu FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 FusedPadConv2D
    FusedResizeAndPadConv2D InTopK InTopKV2 LRN LeakyRelu LogSoftmax MaxPool MaxPool3D MaxPoolV2
    MaxPoolWithArgmax NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 Relu Relu6
    ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate Selu Softmax
    SoftmaxCrossEntropyWithLogits Softplus Softsign SparseSoftmaxCrossEntropyWithLogits TopK TopKV2
    AdjustContrastv2 AdjustHue AdjustSaturation HSVToRGB RGBToHSV FakeQuantWithMinMaxArgs
    FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel Dequantize QuantizeAndDequantizeV2
    QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeV2
"""

_ARRAYS = """
    BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastGradientArgs BroadcastTo
    CheckNumerics CheckNumericsV2 Concat ConcatOffset ConcatV2 DepthToSpace DynamicPartition
    DynamicStitch ExpandDims ExtractImagePatches Gather GatherNd GatherV2 InvertPermutation
    LowerBound MirrorPad OneHot Pack Pad PadV2 ParallelConcat ParallelDynamicStitch Rank Reshape
    ResourceStridedSliceAssign Reverse ReverseSequence ReverseV2 Roll ScatterNd Shape ShapeN Size
    Slice SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Squeeze StridedSlice
    StridedSliceGrad TensorListConcatV2 TensorListElementShape TensorListFromTensor
    TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack
    TensorListReserve TensorListResize TensorListScatterV2 TensorListSetItem TensorListSplit
    TensorListStack TensorScatterAdd TensorScatterSub TensorScatterUpdate Tile Transpose
    ConjugateTranspose Unique UniqueV2 UniqueWithCounts Unpack UnravelIndex UpperBound Where
"""

_RANDOM = """
    Multinomial ParameterizedTruncatedNormal RandomGamma RandomPoissonV2 RandomShuffle
    RandomStandardNormal RandomUniform RandomUniformInt RngReadAndSkip StatefulStandardNormalV2
    StatefulUniform StatefulUniformFullInt StatelessMultinomial StatelessRandomGetAlg
    StatelessRandomGetKeyCounter StatelessRandomNormal StatelessRandomNormalV2
    StatelessRandomUniform StatelessRandomUniformInt StatelessRandomUniformIntV2
    StatelessRandomUniformV2 StatelessShuffle StatelessTruncatedNormal StatelessTruncatedNormalV2
    TruncatedNormal
"""

# Of text and tables in memory. Tables read from files are another op, and not here.
_TEXT = """
    AsString DecodeBase64 DecodeRaw EncodeBase64 HashTableV2 LookupTableExportV2 LookupTableFindV2
    LookupTableImportV2 LookupTableInsertV2 LookupTableSizeV2 MutableHashTableV2 ReduceJoin
    RegexFullMatch RegexReplace StaticRegexFullMatch StaticRegexReplace StringJoin StringLength
    StringLower StringSplitV2 StringStrip StringToHashBucketFast StringToHashBucketStrong
    StringToNumber StringUpper Substr UnicodeDecode UnicodeEncode
"""

# Images that are given as bytes; none of these takes the name of a file.
_IMAGES = """
    DecodeAndCropJpeg DecodeBmp DecodeGif DecodeImage DecodeJpeg DecodePng EncodeJpeg EncodePng
    ExtractJpegShape
"""

ALLOWED: frozenset[str] = frozenset(
    " ".join(
        (_FLOW, _VARIABLES, _MATH, _GRADIENTS, _NETWORKS, _ARRAYS, _RANDOM, _TEXT, _IMAGES)
    ).split()
)

# Of the saver, and allowed in its functions alone; each with its inputs that are paths.
SAVER: dict[str, tuple[int, ...]] = {
    "SaveV2": (0,),
    "RestoreV2": (0,),
    "MergeV2Checkpoints": (0, 1),
    "ShardedFilename": (0,),
}
READING: frozenset[str] = frozenset({"RestoreV2"})
WRITING: frozenset[str] = frozenset(SAVER) - READING
